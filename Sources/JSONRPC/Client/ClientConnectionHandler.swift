// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import NIOCore
import Untrusted

/// Reads the replies of a client connection and sends the lines that its callers do not send themselves. Runs on the connection's event
/// loop.
final class ClientConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let path: String
    private let state: ClientState
    private let notifications: AsyncStream<RPCNotification>.Continuation
    private var framer: LineFramer
    private var context: ChannelHandlerContext?

    /// - Parameter replyLimit: the maximum bytes of a line from the server.
    init(
        path: String, state: ClientState, replyLimit: Int, notifications: AsyncStream<RPCNotification>.Continuation
    ) {
        self.path = path
        self.state = state
        framer = LineFramer(limit: replyLimit)
        self.notifications = notifications
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        close("the connection is closed")
    }

    func channelActive(context: ChannelHandlerContext) {
        _ = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            state.open($0)
        }
        context.fireChannelActive()
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
        close("the connection was lost before the reply arrived")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close("\(error)")
        context.close(promise: nil)
    }

    private func close(_ reason: String) {
        state.close(reason)
        notifications.finish()
    }

    // MARK: - Requests of the state

    /// Does what a change of the state needs.
    func perform(_ wakeup: ClientState.Wakeup) {
        guard let context else { return }
        if let alarm = wakeup.alarm {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(deadline: alarm) {
                bound.value.perform(bound.value.state.timerFired(at: .now()))
            }
        }
        if wakeup.hasLines {
            // After the event loop's other tasks and reads, which may lead to more lines.
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.execute { bound.value.writeLines() }
        }
        if wakeup.closes {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            // After the lines above.
            context.eventLoop.execute { bound.value.context?.close(promise: nil) }
        }
    }

    private func writeLines() {
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(state.takeLines())).whenComplete { _ in
            bound.value.perform(bound.value.state.linesWritten())
        }
    }

    // MARK: - Replies

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
        guard let id else { return }
        let message = "\(path): \(reason.bounded(to: TextBound.message / 2))"
        _ = finish(id, .failure(ServiceError(.internal, message)))
    }

    /// Fails the call whose reply is too large; the connection remains usable.
    private func receivedTooLong(_ head: ByteBuffer, _ tail: ByteBuffer) {
        guard let id = OversizedLine.id(head: head, tail: tail) else { return }
        let reason =
            "\(path): the reply is longer than \(framer.limit) bytes: "
            + "request fewer items, for example with a lower `limit`"
        _ = finish(id, .failure(ServiceError(.tooLarge, reason)))
    }

    private func received(_ envelope: Envelope) {
        switch envelope {
        case .result(let id, let value):
            _ = finish(id, .success(Data(value.readableBytesView)))
        case .failure(let id, let error):
            let failure = try? JSONCoding.decode(ServiceError.self, from: Data(error.readableBytesView))
            let reason = failure ?? ServiceError(.internal, String(buffer: error)).bounded
            if !finish(id, .failure(reason)), case .null = id { connectionRejected(reason) }
        case .notification(SystemMethod.progress.rawValue, let params):
            guard let members = (try? JSONCoding.decode(JSONValue.self, from: data(params)))?.object,
                case .integer(let id)? = members["id"]
            else { return }
            state.progress(Int(id), ProgressReport(members: members))
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
        if reason.kind == .parse, state.failLongest(reason) { return }
        state.failAll(reason)
    }

    private func data(_ params: ByteBuffer?) -> Data {
        params.map { Data($0.readableBytesView) } ?? Data("{}".utf8)
    }

    /// Ends a call.
    ///
    /// - Returns: whether it was pending.
    private func finish(_ id: RPCID, _ reply: Result<Data, any Error>) -> Bool {
        guard let number = Self.number(of: id) else { return false }
        let (isKnown, wakeup) = state.finish(number, reply)
        if wakeup.isNeeded { perform(wakeup) }
        return isKnown
    }

    /// The numeric value of an id. Peers that store ids as strings or floating-point numbers return `"7"` or `7.0`.
    private static func number(of id: RPCID) -> Int? {
        switch id {
        case .number(let digits), .string(let digits): Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
        case .null: nil
        }
    }
}
