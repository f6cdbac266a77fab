import NIOCore
import NIOWebSocket

/// Answers what a watching browser sends: pings and closes; says now and then that the connection lives, and ends one that does not.
final class WatchHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// Between two pings; who answers none of three is gone.
    private static let beat = TimeAmount.seconds(20)

    private let hub: WatchHub
    private let job: String?
    private let seq: Int?
    private var membership: Task<Int, Never>?
    private var pulse: RepeatedTask?
    private var unanswered = 0

    init(_ hub: WatchHub, job: String?, after seq: Int?) {
        self.hub = hub
        self.job = job
        self.seq = seq
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = WatchChannel(channel: context.channel)
        membership = Task { [hub, job, seq] in await hub.join(job: job, after: seq, channel) }
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        pulse = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.beat, delay: Self.beat) { _ in
            this.value.0.ping(this.value.1)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        pulse?.cancel()
        let (membership, hub) = (membership, hub)
        Task { if let id = await membership?.value { await hub.leave(id) } }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        // A browser masks what it sends; nothing here was agreed that would use the reserved bits (compression, for one).
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return end(context, .protocolError)
        }
        switch frame.opcode {
        case .ping:
            var data = frame.data
            if let key = frame.maskKey { data.webSocketUnmask(key) }
            context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: data)), promise: nil)
        case .pong:
            unanswered = 0
        case .connectionClose:
            var data = frame.data
            if let key = frame.maskKey { data.webSocketUnmask(key) }
            let code = data.readSlice(length: min(2, data.readableBytes)) ?? ByteBuffer()
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: code)))
                .whenComplete { _ in channel.close(promise: nil) }
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

    private func end(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)))
            .whenComplete { _ in channel.close(promise: nil) }
    }
}
