// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import JSONRPC
import Tap
import Untrusted

/// A record of a tap as a line of text.
enum TapLine {
    /// - Returns: `15:06:00.103 clipper-1 3 > clipper.create 7 job-x {"duration":4,...}`; in a terminal at most as wide as it is.
    static func text(_ record: TapRecord, from instance: String) -> String {
        let text: String
        switch record {
        case .source(let source):
            text =
                "\(TimeFormat.timeOfDay(source.time)) \(instance.printable()) reading the tap of process \(source.pid)"
        case .lost(let loss):
            text =
                "\(TimeFormat.timeOfDay(loss.time)) \(instance.printable()) ! \(loss.lost) messages were lost: reading is too slow"
        case .message(let message):
            text = line(message, instance)
        }
        guard Terminal.isInteractive, text.count > Terminal.width else { return text }
        return text.prefix(Terminal.width - 1) + "…"
    }

    private static func line(_ message: TapMessage, _ instance: String) -> String {
        var parts = [
            TimeFormat.timeOfDay(message.time), instance, String(message.connection),
            message.direction == .received ? ">" : "<",
        ]
        if let method = message.method { parts.append(method) }
        if let id = message.id { parts.append(json(id)) }
        if let jobID = message.jobID { parts.append(jobID) }
        if let duration = message.duration { parts.append(Formatting.milliseconds(duration)) }
        if let error = message.error { parts.append(error) }
        parts.append(content(message))
        return parts.filter { !$0.isEmpty }.map { $0.printable() }.joined(separator: " ")
    }

    /// What a message is about: its parameters, its result, or its error.
    private static func content(_ message: TapMessage) -> String {
        guard let content = message.message else {
            return message.text.map { "not JSON-RPC 2.0: \($0)" } ?? "(\(message.bytes) bytes)"
        }
        if let reason = content["error"]?["message"]?.string { return reason }
        guard let value = content["params"] ?? content["result"] else { return "" }
        if content["method"]?.string == SystemMethod.progress.rawValue, let fraction = value["fraction"]?.double {
            return "\(Int(clamping: fraction * 100)) % \(value["message"]?.string ?? "")"
        }
        return json(value)
    }

    private static func json(_ value: JSONValue) -> String {
        (try? JSONCoding.encode(value)).map { String(decoding: $0, as: UTF8.self).printableJSON() } ?? ""
    }
}
