// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Pauses a listening channel after `accept` has failed: without free descriptors, an immediate retry fails again and uses a whole
/// processor.
///
/// SwiftNIO's `AcceptBackoffHandler` delays `read`, which has no effect while the failed read is pending: the selector continues to
/// report the socket. This handler removes the socket from the selector instead.
private final class AcceptPauseHandler: ChannelInboundHandler {
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
    /// Makes this listening channel pause for 200 ms after an error of `accept`.
    package func addAcceptPauseHandler() -> EventLoopFuture<Void> {
        eventLoop.makeCompletedFuture { try pipeline.syncOperations.addHandler(AcceptPauseHandler()) }
    }
}
