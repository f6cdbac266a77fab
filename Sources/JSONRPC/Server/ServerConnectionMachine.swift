import Faults
package import NIOCore

/// One connection as a server sees it: which calls run, which batch a reply belongs to, and when the end has come.
///
/// Pure: lines, endings and finished calls go in, actions come out. The channel handler around it does the I/O.
package struct ServerConnectionMachine {
    /// Names one call on this connection, whatever id its caller gave it.
    package typealias Token = Int

    package enum Action: Equatable {
        /// Answer this; `id` is absent for a notification.
        case start(Token, id: RPCID?, method: String, params: ByteBuffer?)
        /// Stop the work under this call, which its caller cancelled.
        case cancel(Token)
        /// Stop the work under this call, which has lost its caller.
        case abandon(Token)
        /// Send these bytes, newline included.
        case write(ByteBuffer)
        /// Nothing more will come: close when all is sent.
        case close
    }

    private struct Running {
        var id: RPCID?
        /// The batch that the reply belongs to.
        var batch: Int?
        /// The reply is out, but the call goes on sending notifications.
        var replied = false
    }

    private struct Batch {
        var pending: Int
        var replies: [ByteBuffer] = []
        var bytes = 0
    }

    /// A reply of fewer bytes is sent even where too many bytes wait: it is an error, or costs no more than one.
    private static let smallReply = 4096

    /// Bytes that one line may have that is sent, and that may wait to be sent.
    private let replyLimit: Int

    private var running: [Token: Running] = [:]
    private var batches: [Int: Batch] = [:]
    private var nextToken = 0
    private var nextBatch = 0
    private var inputEnded = false
    private var closing = false
    private var isGone = false
    /// Bytes of replies that wait for the rest of their batches.
    package private(set) var heldBytes = 0

    package init(replyLimit: Int = Wire.replyLimit) {
        self.replyLimit = replyLimit
    }

    /// Calls that are not finished.
    package var inFlight: Int { running.count }

    /// Whether a reply to this call is still owed.
    package func owesReply(_ token: Token) -> Bool {
        running[token].map { !$0.replied && $0.id != nil } ?? false
    }

    package func isRunning(_ token: Token) -> Bool { running[token] != nil }

    /// A whole line came.
    package mutating func received(_ line: ByteBuffer) -> [Action] {
        guard !closing else { return isGone ? notifications(Message(line)) : [] }
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
            hold(direct, in: number)
            return actions + settle(number)
        }
    }

    /// A line grew past the limit: say so and close, whatever else runs.
    package mutating func lineTooLong(limit: Int) -> [Action] {
        guard !closing else { return [] }
        closing = true
        let error = ServiceError(.parse, "a line has at most \(limit) bytes; name large things by their URI")
        return [reply(Wire.failure(id: .null, error))] + abandonAll() + [.close]
    }

    /// The peer will send nothing more, but still reads: calls go on.
    package mutating func inputClosed() -> [Action] {
        inputEnded = true
        return closeIfDone()
    }

    /// The connection is gone: requests are cancelled; notifications, which owe nobody a reply, go on, also those in lines that
    /// came before the end and are taken later.
    package mutating func connectionClosed() -> [Action] {
        isGone = !closing
        closing = true
        return abandonAll()
    }

    /// A call ended, with the reply that `Wire` made of it.
    ///
    /// - Parameter waiting: bytes that were written to the connection and that the peer has not taken yet.
    package mutating func finished(_ token: Token, reply body: ByteBuffer, waiting: Int = 0) -> [Action] {
        guard let call = running.removeValue(forKey: token) else { return [] }
        guard call.id != nil, !call.replied else { return closeIfDone() }
        return deliver(bounded(body, of: call, waiting: waiting), batch: call.batch) + closeIfDone()
    }

    /// A streaming call sends its reply and goes on.
    package mutating func replied(_ token: Token, reply body: ByteBuffer, waiting: Int = 0) -> [Action] {
        guard let call = running[token], call.id != nil, !call.replied else { return [] }
        running[token]?.replied = true
        return deliver(bounded(body, of: call, waiting: waiting), batch: call.batch)
    }

    /// The id of a running call.
    package func id(of token: Token) -> RPCID? { running[token]?.id }

    // MARK: -

    private mutating func accept(_ envelope: Envelope, batch: Int?, direct: inout [ByteBuffer]) -> [Action] {
        switch envelope {
        case .invalid(let id, let reason):
            direct.append(Wire.failure(id: id, ServiceError(.invalidRequest, reason)))
            return []
        case .result(let id, _), .failure(let id, _):
            direct.append(Wire.failure(id: id, ServiceError(.invalidRequest, "a server takes no replies")))
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
        guard let id = CallControls.cancelledID(params: params) else { return nil }
        return running.filter { $0.value.id == id }.keys.max()
    }

    private func abandonAll() -> [Action] {
        running.filter { $0.value.id != nil }.keys.sorted().map { .abandon($0) }
    }

    private mutating func deliver(_ body: ByteBuffer, batch: Int?) -> [Action] {
        guard let batch else { return closing ? [] : [reply(body)] }
        batches[batch]?.pending -= 1
        hold([body], in: batch)
        return settle(batch)
    }

    private mutating func hold(_ bodies: [ByteBuffer], in batch: Int) {
        let bytes = bodies.reduce(0) { $0 + $1.readableBytes + 1 }
        batches[batch]?.replies += bodies
        batches[batch]?.bytes += bytes
        heldBytes += bytes
    }

    /// The reply, or the error that takes its place where it is more than the peer takes, or than may wait for a peer that does
    /// not read.
    private func bounded(_ body: ByteBuffer, of call: Running, waiting: Int) -> ByteBuffer {
        let bytes = body.readableBytes
        guard bytes > Self.smallReply || bytes > replyLimit else { return body }
        let id = call.id ?? .null
        if bytes > replyLimit {
            let reason = "the reply has \(bytes) bytes, a line has at most \(replyLimit): ask for less"
            return Wire.failure(id: id, ServiceError(.tooLarge, reason))
        }
        if let batch = call.batch.flatMap({ batches[$0] }), batch.bytes + bytes + 2 > replyLimit {
            let reason = "the replies of this batch have more than \(replyLimit) bytes: make smaller batches"
            return Wire.failure(id: id, ServiceError(.tooLarge, reason))
        }
        if waiting + heldBytes + bytes > replyLimit, waiting + heldBytes > 0 {
            let reason = "\(waiting + heldBytes) bytes of replies wait on this connection: read them, then call again"
            return Wire.failure(id: id, ServiceError(.busy, reason))
        }
        return body
    }

    /// What is left of a message whose sender is gone.
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

    /// Sends a batch's array once its last reply is in; a batch of notifications sends nothing.
    private mutating func settle(_ number: Int) -> [Action] {
        guard let batch = batches[number], batch.pending == 0 else { return [] }
        batches[number] = nil
        heldBytes -= batch.bytes
        guard !batch.replies.isEmpty, !closing else { return [] }
        var buffer = ByteBuffer(string: "[")
        for (index, body) in batch.replies.enumerated() {
            if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            buffer.writeImmutableBuffer(body)
        }
        buffer.writeString("]\n")
        return [.write(buffer)]
    }

    private func reply(_ body: ByteBuffer) -> Action {
        var line = body
        line.writeInteger(UInt8(ascii: "\n"))
        return .write(line)
    }

    private mutating func closeIfDone() -> [Action] {
        guard inputEnded, !closing, running.isEmpty, batches.isEmpty else { return [] }
        closing = true
        return [.close]
    }
}
