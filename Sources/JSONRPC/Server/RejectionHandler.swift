// SPDX-License-Identifier: Apache-2.0

package import Calls
import Faults
package import Logging
package import NIOCore

/// Sends an `unauthorized` error to a peer that may not connect, then closes the connection.
private final class RejectionHandler: ChannelInboundHandler, Sendable {
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

extension Channel {
    /// Adds a handler to an accepted connection; rejects a peer that may not connect with an error reply.
    ///
    /// - Parameter handler: creates the handler, on the connection's event loop.
    package func addHandler(
        for peers: PeerPolicy, logger: Logger, _ handler: @escaping @Sendable (Peer) -> any ChannelHandler
    ) -> EventLoopFuture<Void> {
        Peer.of(self).flatMapThrowing { peer in
            guard peers.allows(peer) else {
                logger.warning("rejected a peer", metadata: ["pid": "\(peer.pid)", "uid": "\(peer.uid)"])
                return try self.pipeline.syncOperations.addHandler(RejectionHandler(peer: peer))
            }
            try self.pipeline.syncOperations.addHandler(handler(peer))
        }
    }
}
