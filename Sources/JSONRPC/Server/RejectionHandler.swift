// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import NIOCore

/// Sends an `unauthorized` error to a peer that may not connect, then closes the connection.
final class RejectionHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let peer: Peer

    init(peer: Peer) {
        self.peer = peer
    }

    func channelActive(context: ChannelHandlerContext) {
        let error = ServiceError(
            .unauthorized,
            "user \(peer.uid), group \(peer.gid) may not use this socket; list the group in UNDERSTUDY_ALLOW_GIDS")
        var line = Wire.failure(id: .null, error)
        line.writeInteger(UInt8(ascii: "\n"))
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(line)).whenComplete { _ in channel.close(promise: nil) }
    }
}
