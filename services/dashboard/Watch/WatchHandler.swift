import NIOCore
import NIOWebSocket

/// Answers what a watching browser sends: pings and closes; says now and then that the connection lives, and ends one that does not.
final class WatchHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// Between two pings; who answers none of three is gone.
    private static let beat = TimeAmount.seconds(20)

    private let hub: WatchHub
    private let wish: WatchWish
    /// How long a browser may read nothing of what it asked for.
    private let patience: TimeAmount
    private var membership: Task<Int, Never>?
    private var pulse: RepeatedTask?
    private var unanswered = 0
    private var isEnding = false
    /// Ends the connection if the answer to a ping is not on its way by then.
    private var pong: Scheduled<Void>?
    /// What the newest ping says that came meanwhile; older ones need no answer.
    private var nextPong: ByteBuffer?

    /// - Parameter patience: seconds that a browser may read nothing of what is sent.
    init(_ hub: WatchHub, _ wish: WatchWish, patience: Double) {
        self.hub = hub
        self.wish = wish
        // trusted: a bounded setting
        self.patience = .milliseconds(Int64(patience * 1000))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = WatchChannel(channel: context.channel)
        membership = Task { [hub, wish] in await hub.join(job: wish.job, after: wish.seq, channel) }
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        pulse = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.beat, delay: Self.beat) { _ in
            this.value.0.ping(this.value.1)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        pulse?.cancel()
        pong?.cancel()
        let (membership, hub) = (membership, hub)
        Task { if let id = await membership?.value { await hub.leave(id) } }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard !isEnding else { return }
        // A browser masks what it sends; nothing here was agreed that would use the reserved bits (compression, for one).
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return end(context, .protocolError)
        }
        switch frame.opcode {
        case .ping:
            var data = frame.data
            if let key = frame.maskKey { data.webSocketUnmask(key) }
            answer(data, context)
        case .pong:
            unanswered = 0
        case .connectionClose:
            var data = frame.data
            if let key = frame.maskKey { data.webSocketUnmask(key) }
            answerClose(data, context)
        case .text, .binary, .continuation:
            // Pages have nothing to say here.
            break
        default:
            end(context, .protocolError)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func ping(_ context: ChannelHandlerContext) {
        unanswered += 1
        guard unanswered <= 3 else { return context.close(promise: nil) }
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())), promise: nil)
    }

    /// One answer is on its way at a time: who pings and does not read has no claim on more.
    private func answer(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard pong == nil else {
            nextPong = data
            return
        }
        let channel = context.channel
        pong = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: data))).whenComplete { _ in
            let (handler, context) = this.value
            handler.pong?.cancel()
            handler.pong = nil
            guard let next = handler.nextPong, channel.isActive else { return }
            handler.nextPong = nil
            handler.answer(next, context)
        }
    }

    /// Repeats the code that the browser closes with; one that no frame may carry is a protocol error (RFC 6455 §7.4).
    private func answerClose(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard data.readableBytes > 0 else { return end(context, data) }
        guard let code = data.getInteger(at: data.readerIndex, as: UInt16.self),
            (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
        else { return end(context, .protocolError) }
        end(context, WebSocketErrorCode(codeNumber: Int(code)))
    }

    private func end(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        end(context, data)
    }

    private func end(_ context: ChannelHandlerContext, _ data: ByteBuffer) {
        isEnding = true
        let channel = context.channel
        context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)))
            .whenComplete { _ in channel.close(promise: nil) }
    }
}
