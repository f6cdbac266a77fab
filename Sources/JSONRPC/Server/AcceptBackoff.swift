package import NIOCore

/// Makes a listening channel pause after a connection could not be accepted: without descriptors left, accepting again at once
/// fails again, and takes all the time of a processor.
///
/// SwiftNIO's `AcceptBackoffHandler` delays `read`, which a channel does not ask for while the read that failed is still pending:
/// the selector goes on reporting the socket. This handler takes the socket out of the selector instead.
private final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(200)
    private var isPausing = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return context.fireErrorCaught(error) }
        guard !isPausing, let options = context.channel.syncOptions else { return }
        isPausing = true
        try? options.setOption(.autoRead, value: false)
        let bound = NIOLoopBound((self, context.channel), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            let (handler, channel) = bound.value
            handler.isPausing = false
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}

extension Channel {
    /// Makes this listening channel pause for a moment after an error of `accept`.
    package func backOffAccepting() -> EventLoopFuture<Void> {
        eventLoop.makeCompletedFuture { try pipeline.syncOperations.addHandler(AcceptPause()) }
    }
}
