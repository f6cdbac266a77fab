import Faults
import FoundationEssentials
import JSON
import NIOCore
import Untrusted

/// Matches replies to calls, on the connection's event loop.
final class ClientConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A call whose reply has not come.
    struct Pending: Sendable {
        let method: String
        let continuation: CheckedContinuation<Data, any Error>
        let onProgress: (@Sendable (ProgressReport) -> Void)?
        /// How long to wait for the reply after the call was cancelled.
        var settlement: Duration?
        /// Bytes of the request.
        var bytes = 0
        var timer: Scheduled<Void>?
    }

    /// What a callee gets beyond the deadline to say itself that it passed.
    private static let grace = TimeAmount.milliseconds(500)

    private let path: String
    private let notifications: AsyncStream<RPCNotification>.Continuation
    private var framer: LineFramer
    private var pending: [Int: Pending] = [:]
    private var context: ChannelHandlerContext?
    private var flushIsScheduled = false
    private var isRetiring = false

    /// - Parameter replyLimit: bytes that a line of the server may have.
    init(path: String, replyLimit: Int, notifications: AsyncStream<RPCNotification>.Continuation) {
        self.path = path
        framer = LineFramer(limit: replyLimit)
        self.notifications = notifications
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        failAll("the connection is closed")
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        framer.append(unwrapInboundIn(data))
        while let line = framer.nextOrSkip() {
            switch line {
            case .whole(let line): received(line)
            case .tooLong(let head, let tail): receivedTooLong(head, tail)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        failAll("the connection broke before the reply came")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failAll("\(error)")
        context.close(promise: nil)
    }

    // MARK: - Calls

    func submit(_ id: Int, _ line: ByteBuffer, _ call: Pending, remaining: Duration?, cancelled: Bool) {
        guard !cancelled else {
            call.continuation.resume(throwing: CancellationError())
            return
        }
        guard let context, context.channel.isActive else {
            call.continuation.resume(throwing: RPCConnection.Lost(path: path, reason: "the connection is closed"))
            return
        }
        var call = call
        if let remaining {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            call.timer = context.eventLoop.scheduleTask(in: .milliseconds(remaining.milliseconds) + Self.grace) {
                bound.value.giveUp(id)
            }
        }
        call.bytes = line.readableBytes
        pending[id] = call
        post(line)
    }

    /// Stops waiting for the calls of some methods, as if the connection were lost; the server is not told.
    func abandon(_ methods: Set<String>, reason: String) {
        for (id, call) in pending where methods.contains(call.method) {
            pending[id] = nil
            call.timer?.cancel()
            call.continuation.resume(throwing: RPCConnection.Lost(path: path, reason: reason, isAbandoned: true))
        }
        closeIfRetired()
    }

    func cancel(_ id: Int) {
        guard let call = pending[id] else { return }
        tellToStop(id)
        call.timer?.cancel()
        guard let settlement = call.settlement, let context else {
            pending[id] = nil
            return call.continuation.resume(throwing: CancellationError())
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        pending[id]?.timer = context.eventLoop.scheduleTask(in: .milliseconds(settlement.milliseconds)) {
            bound.value.leaveUnsettled(id)
        }
    }

    private func leaveUnsettled(_ id: Int) {
        guard let call = pending.removeValue(forKey: id) else { return }
        let reason = "\(call.method) was cancelled and did not report what it had spent"
        call.continuation.resume(
            throwing: ServiceError(.cancelled, reason, providerCode: RPCConnection.notSettled))
        closeIfRetired()
    }

    func closeWhenIdle() {
        isRetiring = true
        closeIfRetired()
    }

    private func closeIfRetired() {
        if isRetiring, pending.isEmpty { context?.close(promise: nil) }
    }

    func post(_ line: ByteBuffer) {
        guard let context else { return }
        context.write(wrapOutboundOut(line), promise: nil)
        guard !flushIsScheduled else { return }
        flushIsScheduled = true
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute {
            bound.value.flushIsScheduled = false
            bound.value.context?.flush()
        }
    }

    private func giveUp(_ id: Int) {
        guard let call = pending.removeValue(forKey: id) else { return }
        tellToStop(id)
        call.continuation.resume(throwing: ServiceError(.timeout, "\(call.method) did not answer in time"))
    }

    private func tellToStop(_ id: Int) {
        post(Wire.notification(method: SystemMethod.cancel.rawValue, params: Array("{\"id\":\(id)}".utf8)))
    }

    private func received(_ line: ByteBuffer) {
        switch Message(line) {
        case .single(let envelope): received(envelope)
        case .batch(let envelopes): envelopes.forEach { received($0) }
        case .malformed(let reason):
            // Python writes NaN, other peers nest too deeply: the call gets an error instead of waiting for its deadline.
            fail(OversizedLine.id(head: line, tail: line), "the reply is \(reason)")
        case .emptyBatch, .batchTooLong: break
        }
    }

    /// Ends the call that an unreadable reply names; a line without the id of a call is passed over.
    private func fail(_ id: RPCID?, _ reason: String) {
        guard let id, let call = take(id) else { return }
        let words = "\(path): \(reason.bounded(to: TextBound.message / 2))"
        call.resume(throwing: ServiceError(.internal, words))
        closeIfRetired()
    }

    /// A reply that is too large is an error of its call; the connection goes on.
    private func receivedTooLong(_ head: ByteBuffer, _ tail: ByteBuffer) {
        guard let id = OversizedLine.id(head: head, tail: tail) else { return }
        let reason = "\(path): the reply is longer than \(framer.limit) bytes: ask for less"
        take(id)?.resume(throwing: ServiceError(.tooLarge, reason))
        closeIfRetired()
    }

    private func received(_ envelope: Envelope) {
        switch envelope {
        case .result(let id, let value):
            take(id)?.resume(returning: Data(value.readableBytesView))
            closeIfRetired()
        case .failure(let id, let error):
            let failure = try? JSONCoding.decode(ServiceError.self, from: Data(error.readableBytesView))
            let reason = failure ?? ServiceError(.internal, String(buffer: error)).bounded
            if let continuation = take(id) {
                continuation.resume(throwing: reason)
                closeIfRetired()
            } else if case .null = id {
                refused(reason)
            }
        case .notification(SystemMethod.progress.rawValue, let params):
            guard let members = (try? JSONCoding.decode(JSONValue.self, from: data(params)))?.object,
                case .integer(let id)? = members["id"]
            else { return }
            pending[Int(id)]?.onProgress?(ProgressReport(members: members))
        case .notification(let method, let params):
            notifications.yield(RPCNotification(method: method, params: data(params)))
        case .invalid(let id, let reason):
            fail(id, "the reply is not JSON-RPC 2.0: \(reason)")
        case .request:
            break
        }
    }

    /// The server could not read a line, or does not want us: no call of this connection can succeed.
    private func refused(_ reason: ServiceError) {
        // Of several lines the longest is the one that could not be read; the other calls are lost with the connection.
        if reason.kind == .parse, let longest = pending.max(by: { $0.value.bytes < $1.value.bytes })?.key {
            take(.number("\(longest)"))?.resume(throwing: reason)
        } else {
            for call in drain() { call.continuation.resume(throwing: reason) }
        }
    }

    private func data(_ params: ByteBuffer?) -> Data {
        params.map { Data($0.readableBytesView) } ?? Data("{}".utf8)
    }

    private func take(_ id: RPCID) -> CheckedContinuation<Data, any Error>? {
        guard let number = Self.number(of: id), let call = pending.removeValue(forKey: number) else { return nil }
        call.timer?.cancel()
        return call.continuation
    }

    /// The number that an id stands for. Peers that keep ids as texts or as floating-point numbers return `"7"` or `7.0`.
    private static func number(of id: RPCID) -> Int? {
        switch id {
        case .number(let digits), .string(let digits): Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
        case .null: nil
        }
    }

    private func drain() -> [Pending] {
        defer { pending.removeAll() }
        pending.values.forEach { $0.timer?.cancel() }
        return Array(pending.values)
    }

    private func failAll(_ reason: String) {
        for call in drain() {
            call.continuation.resume(throwing: RPCConnection.Lost(path: path, reason: reason))
        }
        notifications.finish()
    }
}
