// SPDX-License-Identifier: Apache-2.0

package import Calls
import Faults
import Glibc
package import NIOCore

extension Peer {
    /// `struct ucred`, which the C library's Swift module does not export.
    private struct Credentials {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
    }

    /// Reads the credentials of a channel's peer from the kernel (`SO_PEERCRED`).
    package static func of(_ channel: any Channel) -> EventLoopFuture<Peer> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ServiceError(.internal, "not a socket"))
        }
        let level = NIOBSDSocket.OptionLevel.socket
        let credentials: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: level, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return credentials.map { Peer(pid: $0.pid, uid: $0.uid, gid: $0.gid) }
    }
}
