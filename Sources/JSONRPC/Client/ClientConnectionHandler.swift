// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import NIOCore
import Untrusted

/// Sends calls and matches replies to them. Runs on the connection's event loop.
final class ClientConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A call whose reply has not arrived.
    struct PendingCall: Sendable {
        let method: String
        let continuation: CheckedContinuation<Data, any Error>
        let onProgress: (@Sendable (ProgressReport) -> Void)?
        /// How long to wait for the reply after the call was cancelled.
        var settlementTimeout: Duration?
        /// The bytes of the request line.
        var bytes = 0
        /// Fires at the deadline, or when the settlement timeout has passed.
        var timer: Scheduled<Void>?
    }

    /// The time after the deadline during which the callee's own `timeout` reply is still awaited.
    private static let gracePeriod = TimeAmount.milliseconds(500)

    private let path: String
    private let notifications: AsyncStream<RPCNotification>.Continuation
    private var framer: LineFramer
    private var pending: [Int: PendingCall] = [:]
    private var context: ChannelHandlerContext?
    private var flushIsScheduled = false
    private var closesWhenIdle = false

    /// - Parameter replyLimit: the maximum bytes of a line from the server.
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
        failAll("the connection was lost before the reply arrived")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failAll("\(error)")
        context.close(promise: nil)
    }

    // MARK: - Calls

    func submit(_ id: Int, _ line: ByteBuffer, _ call: PendingCall, remaining: Duration?, isCancelled: Bool) {
        guard !isCancelled else {
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
            call.timer = context.eventLoop.scheduleTask(in: .milliseconds(remaining.milliseconds) + Self.gracePeriod) {
                bound.value.timedOut(id)
            }
        }
        call.bytes = line.readableBytes
        pending[id] = call
        write(line)
    }

    /// Fails the pending calls of some methods as if the connection were lost, without notifying the server.
    func abandon(_ methods: Set<String>, reason: String) {
        for (id, call) in pending where methods.contains(call.method) {
            pending[id] = nil
            call.timer?.cancel()
            call.continuation.resume(throwing: RPCConnection.Lost(path: path, reason: reason, isAbandoned: true))
        }
        closeIfIdle()
    }

    func cancel(_ id: Int) {
        guard let call = pending[id] else { return }
        sendCancellation(id)
        call.timer?.cancel()
        guard let settlementTimeout = call.settlementTimeout, let context else {
            pending[id] = nil
            return call.continuation.resume(throwing: CancellationError())
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        pending[id]?.timer = context.eventLoop.scheduleTask(in: .milliseconds(settlementTimeout.milliseconds)) {
            bound.value.settlementTimedOut(id)
        }
    }

    private func settlementTimedOut(_ id: Int) {
        guard let call = pending.removeValue(forKey: id) else { return }
        let reason = "\(call.method) was cancelled and did not report its costs in time"
        call.continuation.resume(
            throwing: ServiceError(.cancelled, reason, providerCode: RPCConnection.notSettled))
        closeIfIdle()
    }

    func closeWhenIdle() {
        closesWhenIdle = true
        closeIfIdle()
    }

    private func closeIfIdle() {
        if closesWhenIdle, pending.isEmpty { context?.close(promise: nil) }
    }

    func write(_ line: ByteBuffer) {
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

    private func timedOut(_ id: Int) {
        guard let call = pending.removeValue(forKey: id) else { return }
        sendCancellation(id)
        call.continuation.resume(throwing: ServiceError(.timeout, "\(call.method) did not answer in time"))
    }

    private func sendCancellation(_ id: Int) {
        write(Wire.notification(method: SystemMethod.cancel.rawValue, params: Array("{\"id\":\(id)}".utf8)))
    }

    private func received(_ line: ByteBuffer) {
        switch Message(line) {
        case .single(let envelope): received(envelope)
        case .batch(let envelopes): envelopes.forEach { received($0) }
        case .malformed(let reason):
            // Some peers send NaN or nest too deeply: fail the call now instead of at its deadline.
            fail(OversizedLine.id(head: line, tail: line), "the reply is \(reason)")
        case .emptyBatch, .batchTooLong: break
        }
    }

    /// Fails the call that an unreadable reply belongs to; a line without a pending call's id is ignored.
    private func fail(_ id: RPCID?, _ reason: String) {
        guard let id, let call = take(id) else { return }
        let message = "\(path): \(reason.bounded(to: TextBound.message / 2))"
        call.resume(throwing: ServiceError(.internal, message))
        closeIfIdle()
    }

    /// Fails the call whose reply is too large; the connection remains usable.
    private func receivedTooLong(_ head: ByteBuffer, _ tail: ByteBuffer) {
        guard let id = OversizedLine.id(head: head, tail: tail) else { return }
        let reason =
            "\(path): the reply is longer than \(framer.limit) bytes: "
            + "request fewer items, for example with a lower `limit`"
        take(id)?.resume(throwing: ServiceError(.tooLarge, reason))
        closeIfIdle()
    }

    private func received(_ envelope: Envelope) {
        switch envelope {
        case .result(let id, let value):
            take(id)?.resume(returning: Data(value.readableBytesView))
            closeIfIdle()
        case .failure(let id, let error):
            let failure = try? JSONCoding.decode(ServiceError.self, from: Data(error.readableBytesView))
            let reason = failure ?? ServiceError(.internal, String(buffer: error)).bounded
            if let continuation = take(id) {
                continuation.resume(throwing: reason)
                closeIfIdle()
            } else if case .null = id {
                connectionRejected(reason)
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

    /// Fails calls because the server could not parse a line or rejected this peer.
    private func connectionRejected(_ reason: ServiceError) {
        // The longest pending line is the one that could not be parsed; the other calls are lost with the connection.
        if reason.kind == .parse, let longest = pending.max(by: { $0.value.bytes < $1.value.bytes })?.key {
            take(.number("\(longest)"))?.resume(throwing: reason)
        } else {
            for call in takeAll() { call.continuation.resume(throwing: reason) }
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

    /// The numeric value of an id. Peers that store ids as strings or floating-point numbers return `"7"` or `7.0`.
    private static func number(of id: RPCID) -> Int? {
        switch id {
        case .number(let digits), .string(let digits): Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
        case .null: nil
        }
    }

    private func takeAll() -> [PendingCall] {
        defer { pending.removeAll() }
        pending.values.forEach { $0.timer?.cancel() }
        return Array(pending.values)
    }

    private func failAll(_ reason: String) {
        for call in takeAll() {
            call.continuation.resume(throwing: RPCConnection.Lost(path: path, reason: reason))
        }
        notifications.finish()
    }
}
