// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reports the beginning and the end of a reader's connection, and ignores what the reader sends.
final class TapReaderHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let changed: (_ isActive: Bool) -> Void

    init(changed: @escaping (_ isActive: Bool) -> Void) {
        self.changed = changed
    }

    func channelActive(context: ChannelHandlerContext) {
        changed(true)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func channelInactive(context: ChannelHandlerContext) {
        changed(false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
