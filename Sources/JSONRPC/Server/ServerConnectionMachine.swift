// SPDX-License-Identifier: Apache-2.0

import Faults
package import NIOCore

/// The protocol state machine of one server connection: running calls, pending batches and shutdown.
///
/// It is pure: received lines and finished calls are inputs, actions are outputs. `ServerConnectionHandler` performs the I/O.
package struct ServerConnectionMachine {
    /// Identifies a call on this connection, independently of the id that its caller chose.
    package typealias Token = Int

    /// An instruction for the channel handler.
    package enum Action: Equatable {
        /// Start the call; `id` is absent for a notification.
        case start(Token, id: RPCID?, method: String, params: ByteBuffer?)
        /// Cancel the call at its caller's request.
        case cancel(Token)
        /// Cancel the call because its caller has disconnected.
        case abandon(Token)
        /// Send the bytes, which include the newline.
        case write(ByteBuffer)
        /// Close the connection once everything is sent.
        case close
    }

    private struct Running {
        var id: RPCID?
        /// The batch that the reply belongs to.
        var batch: Int?
        /// Whether the reply has been sent and the call continues with notifications.
        var hasReplied = false
    }

    private struct Batch {
        var pending: Int
        var replies: [ByteBuffer] = []
        var bytes = 0
    }

    /// Replies of at most this many bytes are sent even if too many bytes are unsent: an error reply would be no smaller.
    private static let smallReply = 4096

    /// The maximum bytes of a reply line, and of unsent replies.
    private let replyLimit: Int

    private var running: [Token: Running] = [:]
    private var batches: [Int: Batch] = [:]
    private var nextToken = 0
    private var nextBatch = 0
    private var inputHasEnded = false
    private var isClosing = false
    private var isDisconnected = false
    /// The bytes of replies that wait for the rest of their batches.
    package private(set) var batchedBytes = 0

    /// Creates the state of a new connection.
    ///
    /// - Parameter replyLimit: the maximum bytes of a reply line, and of unsent replies.
    package init(replyLimit: Int = Wire.replyLimit) {
        self.replyLimit = replyLimit
    }

    /// The number of unfinished calls.
    package var inFlight: Int { running.count }

    /// Whether the call's reply has not been sent yet.
    package func owesReply(_ token: Token) -> Bool {
        running[token].map { !$0.hasReplied && $0.id != nil } ?? false
    }

    /// Whether the call is unfinished.
    package func isRunning(_ token: Token) -> Bool { running[token] != nil }

    /// Processes a complete line.
    package mutating func received(_ line: ByteBuffer) -> [Action] {
        guard !isClosing else { return isDisconnected ? notifications(Message(line)) : [] }
        switch Message(line) {
        case .malformed(let reason):
            return [reply(Wire.failure(id: .null, ServiceError(.parse, reason)))]
        case .emptyBatch:
            return [reply(Wire.failure(id: .null, ServiceError(.invalidRequest, "a batch has at least one request")))]
        case .batchTooLong:
            let reason = "a batch has at most \(Wire.maximumBatch) elements"
            return [reply(Wire.failure(id: .null, ServiceError(.invalidRequest, reason)))]
        case .single(let envelope):
            var direct: [ByteBuffer] = []
            let actions = accept(envelope, batch: nil, direct: &direct)
            return direct.map { reply($0) } + actions
        case .batch(let envelopes):
            let number = nextBatch
            nextBatch += 1
            batches[number] = Batch(pending: 0)
            var direct: [ByteBuffer] = []
            var actions: [Action] = []
            for envelope in envelopes {
                actions += accept(envelope, batch: number, direct: &direct)
            }
            add(direct, to: number)
            return actions + completeBatch(number)
        }
    }

    /// Rejects a line beyond the limit: replies with an error, cancels all calls and closes the connection.
    package mutating func lineTooLong(limit: Int) -> [Action] {
        guard !isClosing else { return [] }
        isClosing = true
        let error = ServiceError(.parse, "a line has at most \(limit) bytes: pass large data by URI")
        return [reply(Wire.failure(id: .null, error))] + abandonAll() + [.close]
    }

    /// Records that the peer has closed its sending side. It still reads, so calls continue.
    package mutating func inputClosed() -> [Action] {
        inputHasEnded = true
        return closeIfDone()
    }

    /// Records that the connection is closed: requests are cancelled; notifications continue, including those in lines that were
    /// received before and are processed later.
    package mutating func connectionClosed() -> [Action] {
        isDisconnected = !isClosing
        isClosing = true
        return abandonAll()
    }

    /// Records the end of a call.
    ///
    /// - Parameters:
    ///   - body: the reply, encoded by `Wire`.
    ///   - unsentBytes: the bytes that were written to the connection and are not sent yet.
    package mutating func finished(_ token: Token, reply body: consuming ByteBuffer, unsentBytes: Int = 0) -> [Action] {
        guard let call = running.removeValue(forKey: token) else { return [] }
        guard call.id != nil, !call.hasReplied else { return closeIfDone() }
        return deliver(bounded(consume body, of: call, unsentBytes: unsentBytes), batch: call.batch) + closeIfDone()
    }

    /// Records the reply of a streaming call, which continues.
    package mutating func replied(_ token: Token, reply body: ByteBuffer, unsentBytes: Int = 0) -> [Action] {
        guard let call = running[token], call.id != nil, !call.hasReplied else { return [] }
        running[token]?.hasReplied = true
        return deliver(bounded(body, of: call, unsentBytes: unsentBytes), batch: call.batch)
    }

    /// The id of a running call.
    package func id(of token: Token) -> RPCID? { running[token]?.id }

    // MARK: - Processing

    private mutating func accept(_ envelope: Envelope, batch: Int?, direct: inout [ByteBuffer]) -> [Action] {
        switch envelope {
        case .invalid(let id, let reason):
            direct.append(Wire.failure(id: id, ServiceError(.invalidRequest, reason)))
            return []
        case .result(let id, _), .failure(let id, _):
            let reason = "received a response; expected a request"
            direct.append(Wire.failure(id: id, ServiceError(.invalidRequest, reason)))
            return []
        case .notification(SystemMethod.cancel.rawValue, let params):
            return cancel(params).map { [.cancel($0)] } ?? []
        case .request(let id, SystemMethod.cancel.rawValue, let params):
            let token = cancel(params)
            direct.append(Wire.result(id: id, token == nil ? "false".utf8 : "true".utf8))
            return token.map { [.cancel($0)] } ?? []
        case .request(let id, let method, let params):
            if let batch { batches[batch]?.pending += 1 }
            return [start(id: id, method: method, params: params, batch: batch)]
        case .notification(let method, let params):
            return [start(id: nil, method: method, params: params, batch: nil)]
        }
    }

    private mutating func start(id: RPCID?, method: String, params: ByteBuffer?, batch: Int?) -> Action {
        let token = nextToken
        nextToken += 1
        running[token] = Running(id: id, batch: batch)
        return .start(token, id: id, method: method, params: params)
    }

    private func cancel(_ params: ByteBuffer?) -> Token? {
        guard let id = CallControls.id(in: params) else { return nil }
        return running.filter { $0.value.id == id }.keys.max()
    }

    private func abandonAll() -> [Action] {
        running.filter { $0.value.id != nil }.keys.sorted().map { .abandon($0) }
    }

    private mutating func deliver(_ body: consuming ByteBuffer, batch: Int?) -> [Action] {
        guard let batch else { return isClosing ? [] : [reply(consume body)] }
        batches[batch]?.pending -= 1
        add([body], to: batch)
        return completeBatch(batch)
    }

    private mutating func add(_ bodies: [ByteBuffer], to batch: Int) {
        let bytes = bodies.reduce(0) { $0 + $1.readableBytes + 1 }
        batches[batch]?.replies += bodies
        batches[batch]?.bytes += bytes
        batchedBytes += bytes
    }

    /// The reply, or the error that replaces it if it exceeds the line limit, or the limit of unsent bytes for a peer that does not read.
    private func bounded(_ body: consuming ByteBuffer, of call: Running, unsentBytes: Int) -> ByteBuffer {
        let bytes = body.readableBytes
        guard bytes > Self.smallReply || bytes > replyLimit else { return body }
        let id = call.id ?? .null
        if bytes > replyLimit {
            let reason =
                "the reply has \(bytes) bytes, the limit is \(replyLimit): "
                + "request fewer items, for example with a lower `limit`"
            return Wire.failure(id: id, ServiceError(.tooLarge, reason))
        }
        if let batch = call.batch.flatMap({ batches[$0] }), batch.bytes + bytes + 2 > replyLimit {
            let reason = "the replies of this batch have more than \(replyLimit) bytes: make smaller batches"
            return Wire.failure(id: id, ServiceError(.tooLarge, reason))
        }
        let pendingBytes = unsentBytes + batchedBytes
        if pendingBytes + bytes > replyLimit, pendingBytes > 0 {
            let reason = "\(pendingBytes) bytes of replies are unread on this connection: read them, then retry"
            return Wire.failure(id: id, ServiceError(.busy, reason))
        }
        return body
    }

    /// Starts the notifications of a message whose sender has disconnected.
    private mutating func notifications(_ message: Message) -> [Action] {
        let envelopes: [Envelope]
        switch message {
        case .single(let envelope): envelopes = [envelope]
        case .batch(let members): envelopes = members
        case .emptyBatch, .batchTooLong, .malformed: envelopes = []
        }
        var direct: [ByteBuffer] = []
        return envelopes.flatMap { envelope -> [Action] in
            guard case .notification = envelope else { return [] }
            return accept(envelope, batch: nil, direct: &direct)
        }
    }

    /// Sends a batch's array once it is complete; a batch of notifications sends nothing.
    private mutating func completeBatch(_ number: Int) -> [Action] {
        guard let batch = batches[number], batch.pending == 0 else { return [] }
        batches[number] = nil
        batchedBytes -= batch.bytes
        guard !batch.replies.isEmpty, !isClosing else { return [] }
        var buffer = ByteBuffer(string: "[")
        for (index, body) in batch.replies.enumerated() {
            if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            buffer.writeImmutableBuffer(body)
        }
        buffer.writeString("]\n")
        return [.write(buffer)]
    }

    private func reply(_ body: consuming ByteBuffer) -> Action {
        var line = consume body
        line.writeInteger(UInt8(ascii: "\n"))
        return .write(line)
    }

    private mutating func closeIfDone() -> [Action] {
        guard inputHasEnded, !isClosing, running.isEmpty, batches.isEmpty else { return [] }
        isClosing = true
        return [.close]
    }
}
