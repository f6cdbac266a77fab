// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import FoundationEssentials
import JSON
import JSONRPC
import NIOCore
import Untrusted

/// Reads the lines of all connections and tells which messages belong together. Pure.
struct MessageReader {
    /// The maximum bytes of a line whose messages are shown.
    static let maximumLine = 1024 * 1024
    /// The maximum number of requests that are remembered until their replies.
    private static let maximumRequests = 100_000

    private struct Request {
        var method: String
        var controls: CallControls
        var start: ContinuousClock.Instant
    }

    private let instance: String
    private let redaction: Redaction
    /// The requests without a reply, by connection and the JSON text of their ids.
    private var requests: [Int: [String: Request]] = [:]
    private var requestCount = 0

    /// - Parameter instance: the name of the replica.
    init(instance: String, redaction: Redaction) {
        self.instance = instance
        self.redaction = redaction
    }

    /// Forgets all requests.
    mutating func reset() {
        requests = [:]
        requestCount = 0
    }

    /// Reads an event.
    ///
    /// - Parameter time: the wall clock's time of the event.
    /// - Returns: its messages, several for a batch.
    mutating func read(_ event: LineEvent, time: Timestamp) -> [TapMessage] {
        switch event.kind {
        case .closed:
            requestCount -= requests.removeValue(forKey: event.connection)?.count ?? 0
            return []
        case .received(let line): return read(line, .received, event, time)
        case .sent(let line): return read(line, .sent, event, time)
        }
    }

    private mutating func read(
        _ line: ByteBuffer, _ direction: TapMessage.Direction, _ event: LineEvent, _ time: Timestamp
    ) -> [TapMessage] {
        let blank = TapMessage(
            time: time, instance: instance, connection: event.connection, peer: TapPeer(event.peer),
            direction: direction, bytes: line.readableBytes)
        switch Message(line) {
        case .single(let envelope):
            return [read(envelope, blank, event)]
        case .batch(let envelopes):
            return envelopes.map { read($0, blank, event) }
        case .malformed, .emptyBatch, .batchTooLong:
            var message = blank
            let text = String(decoding: line.readableBytesView.prefix(TextBound.message), as: UTF8.self)
            message.text = redaction.redacted(text.bounded(to: TextBound.quotation))
            return [message]
        }
    }

    private mutating func read(_ envelope: Envelope, _ blank: TapMessage, _ event: LineEvent) -> TapMessage {
        var message = blank
        var content: [String: JSONValue] = ["jsonrpc": "2.0"]
        var id: RPCID?
        switch envelope {
        case .request(let requestID, let method, let params):
            id = requestID
            message.method = method
            let controls = (try? CallControls(params: params)) ?? CallControls()
            message.note(controls)
            content["method"] = .string(method)
            content["params"] = value(params)
            remember(Request(method: method, controls: controls, start: event.time), requestID, event.connection)
        case .notification(let method, let params):
            content["method"] = .string(method)
            let members = value(params)
            content["params"] = members
            message.method = method
            if method == SystemMethod.progress.rawValue, case .sent = event.kind {
                // A progress report belongs to a request.
                describe(&message, requestID: CallControls.id(in: params), event, ends: false)
            }
            if message.jobID == nil, let controls = try? CallControls(params: params) { message.note(controls) }
        case .result(let requestID, let result):
            id = requestID
            content["result"] = value(result)
            describe(&message, requestID: requestID, event, ends: true)
        case .failure(let requestID, let error):
            id = requestID
            let members = value(error)
            content["error"] = members
            message.error = members?["data"]?["kind"]?.string ?? "error"
            describe(&message, requestID: requestID, event, ends: true)
        case .invalid(let requestID, let reason):
            id = requestID
            message.text = redaction.redacted(reason)
            return message
        }
        message.id = id.flatMap { try? JSONValue(parsing: Data($0.json.utf8)) }
        if let id = message.id { content["id"] = id }
        if blank.bytes <= Self.maximumLine { message.message = redaction.redacted(.object(content)) }
        return message
    }

    private func value(_ text: ByteBuffer?) -> JSONValue? {
        guard let text, text.readableBytes <= Self.maximumLine else { return nil }
        return try? JSONCoding.decode(JSONValue.self, from: Data(text.readableBytesView))
    }

    private mutating func remember(_ request: Request, _ id: RPCID, _ connection: Int) {
        guard requestCount < Self.maximumRequests else { return }
        if requests[connection, default: [:]].updateValue(request, forKey: id.json) == nil { requestCount += 1 }
    }

    /// Adds what is known of the request that a message belongs to.
    ///
    /// - Parameter ends: whether the request has no further messages.
    private mutating func describe(
        _ message: inout TapMessage, requestID: RPCID?, _ event: LineEvent, ends: Bool
    ) {
        guard let requestID, let request = requests[event.connection]?[requestID.json] else { return }
        if ends {
            requests[event.connection]?[requestID.json] = nil
            requestCount -= 1
        }
        message.method = request.method
        message.note(request.controls)
        message.duration = ((event.time - request.start) / .microseconds(1)).rounded() / 1e6
    }
}

extension TapMessage {
    /// Adds the job and the trace of a call.
    fileprivate mutating func note(_ controls: CallControls) {
        jobID = controls.jobID
        trace = controls.trace?.traceID
    }
}
