// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOWebSocket

/// The WebSocket protocol of a watching client: answers pings and closes, pings regularly, and closes connections that do not answer.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private static let pingInterval = TimeAmount.seconds(20)
    /// Pings without a pong after which the connection is closed.
    private static let maximumUnansweredPings = 3

    private let broadcaster: StatusBroadcaster
    private let query: WatchQuery
    /// The longest time for which a client may read nothing of what it requested.
    private let stallTimeout: TimeAmount
    private var registration: Task<Int, Never>?
    private var pings: RepeatedTask?
    private var unansweredPings = 0
    private var isClosing = false
    /// Closes the connection unless the pong is written before.
    private var pongTimeout: Scheduled<Void>?
    /// The data of the newest ping that came while a pong was being written; older ones need no pong (RFC 6455 §5.5.3).
    private var pendingPong: ByteBuffer?

    /// - Parameter stallTimeout: seconds after which a client that reads nothing is disconnected.
    init(_ broadcaster: StatusBroadcaster, _ query: WatchQuery, stallTimeout: Double) {
        self.broadcaster = broadcaster
        self.query = query
        // trusted: a bounded setting
        self.stallTimeout = .milliseconds(Int64(stallTimeout * 1000))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = WebSocketChannel(channel: context.channel)
        registration = Task { [broadcaster, query] in
            await broadcaster.join(job: query.job, after: query.seq, channel)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        pings = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.pingInterval, delay: Self.pingInterval) { _ in
            bound.value.0.ping(bound.value.1)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        pings?.cancel()
        pongTimeout?.cancel()
        let (registration, broadcaster) = (registration, broadcaster)
        Task { if let id = await registration?.value { await broadcaster.leave(id) } }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard !isClosing else { return }
        // Clients must mask frames, and no extension that uses the reserved bits (such as compression) was negotiated.
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return close(context, .protocolError)
        }
        switch frame.opcode {
        case .ping:
            var data = frame.data
            if let key = frame.maskKey { data.webSocketUnmask(key) }
            pong(data, context)
        case .pong:
            unansweredPings = 0
        case .connectionClose:
            var data = frame.data
            if let key = frame.maskKey { data.webSocketUnmask(key) }
            answerClose(data, context)
        case .text, .binary, .continuation:
            // Clients have nothing to send: their data is ignored.
            break
        default:
            close(context, .protocolError)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func ping(_ context: ChannelHandlerContext) {
        unansweredPings += 1
        guard unansweredPings <= Self.maximumUnansweredPings else { return context.close(promise: nil) }
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())), promise: nil)
    }

    /// Writes one pong at a time, so that a client that sends pings without reading cannot fill the memory.
    private func pong(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard pongTimeout == nil else {
            pendingPong = data
            return
        }
        let channel = context.channel
        pongTimeout = context.eventLoop.scheduleTask(in: stallTimeout) { channel.close(promise: nil) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: data))).whenComplete { _ in
            let (handler, context) = bound.value
            handler.pongTimeout?.cancel()
            handler.pongTimeout = nil
            guard let next = handler.pendingPong, channel.isActive else { return }
            handler.pendingPong = nil
            handler.pong(next, context)
        }
    }

    /// Echoes the client's close code; one that frames must not carry is a protocol error (RFC 6455 §7.4).
    private func answerClose(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard data.readableBytes > 0 else { return close(context, data) }
        guard let code = data.getInteger(at: data.readerIndex, as: UInt16.self),
            (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
        else { return close(context, .protocolError) }
        close(context, WebSocketErrorCode(codeNumber: Int(code)))
    }

    private func close(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        close(context, data)
    }

    private func close(_ context: ChannelHandlerContext, _ data: ByteBuffer) {
        isClosing = true
        let channel = context.channel
        context.eventLoop.scheduleTask(in: stallTimeout) { channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)))
            .whenComplete { _ in channel.close(promise: nil) }
    }
}
