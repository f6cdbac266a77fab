// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Tap

/// A call of a recording.
struct RecordedCall: Sendable {
    /// The number of its line in the recording, from 1.
    let line: Int
    let method: String
    /// The parameters, without those that belong to the recorded call alone: its deadline, its trace and whether it wanted progress.
    let params: JSONValue
    /// The result; absent if the call failed, or its reply was not recorded.
    var result: JSONValue?
    /// The kind of its error.
    var error: String?
    /// The time until the reply. Seconds; absent if it was not recorded.
    var duration: Double?

    private static let ownParameters: Set<String> = ["deadline_ms", "progress", "_meta"]

    /// Reads the calls of a recording: requests with an id, except those of system methods unless the filter asks for them.
    ///
    /// - Throws: `not_found` if the file cannot be read; `invalid_params` with the number of the line that is not a record, or that
    ///   has a call which cannot be repeated, since a part of it was not recorded; `not_found` if there are no calls.
    static func read(_ path: String, filter: TapFilter) throws(ServiceError) -> [RecordedCall] {
        guard let content = try? Data(contentsOf: URL(filePath: path)) else {
            throw ServiceError(.notFound, "\(path) cannot be read")
        }
        var calls: [RecordedCall] = []
        var unanswered: [Key: Int] = [:]
        for (index, line) in content.split(separator: UInt8(ascii: "\n")).enumerated() {
            let record: TapRecord
            do {
                record = try TapReader.record(Data(line))
            } catch {
                throw ServiceError(
                    .invalidParams, "\(path), line \(index + 1): expected a record of `understudy tap --record`")
            }
            switch record {
            case .source(let source):
                // A replica that was started again counts its connections from one.
                unanswered = unanswered.filter { $0.key.instance != source.instance }
            case .lost: break
            case .message(let message):
                guard filter.includes(message) else { continue }
                let key = Key(instance: message.instance, connection: message.connection, id: message.id)
                if message.direction == .received {
                    guard message.id != nil, let method = message.method,
                        filter.method != nil || !method.hasPrefix(SystemMethod.prefix)
                    else { continue }
                    unanswered[key] = calls.count
                    calls.append(
                        RecordedCall(
                            line: index + 1, method: method,
                            params: try parameters(message, place: "\(path), line \(index + 1)")))
                } else if message.id != nil, let number = unanswered.removeValue(forKey: key) {
                    calls[number].result = message.message?["result"]
                    calls[number].error = message.error
                    calls[number].duration = message.duration
                }
            }
        }
        guard !calls.isEmpty else { throw ServiceError(.notFound, "\(path) has no calls to repeat") }
        return calls
    }

    private struct Key: Hashable {
        var instance: String
        var connection: Int
        var id: JSONValue?
    }

    private static func parameters(_ message: TapMessage, place: String) throws(ServiceError) -> JSONValue {
        guard let content = message.message else {
            throw ServiceError(
                .invalidParams,
                "\(place): the call has \(message.bytes) bytes and was not recorded: leave it out with --method or --job"
            )
        }
        guard !isRedacted(content) else {
            throw ServiceError(
                .invalidParams,
                "\(place): the call contains a secret, which was not recorded: leave it out with --method or --job")
        }
        guard let members = content["params"]?.object else { return content["params"] ?? [:] }
        return .object(members.filter { !ownParameters.contains($0.key) })
    }

    private static func isRedacted(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .integer, .number: false
        case .string(let text): text.contains(Redaction.mark)
        case .array(let elements): elements.contains { isRedacted($0) }
        case .object(let members): members.values.contains { isRedacted($0) }
        }
    }
}
