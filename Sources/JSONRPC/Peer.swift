import Glibc
import NIOCore

/// The process at the other end of a connection, as the kernel knows it.
package struct Peer: Sendable, Equatable {
    package let pid: Int32
    package let uid: UInt32
    package let gid: UInt32

    package init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    /// `struct ucred`, which the C library's Swift module leaves out.
    private struct Credentials {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
    }

    /// Asks the kernel by `SO_PEERCRED`.
    static func of(_ channel: any Channel) -> EventLoopFuture<Peer> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ServiceError(.internal, "not a socket"))
        }
        let level = NIOBSDSocket.OptionLevel.socket
        let credentials: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: level, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return credentials.map { Peer(pid: $0.pid, uid: $0.uid, gid: $0.gid) }
    }
}

/// Who may connect: the same user, or a process of one of the named groups.
package struct PeerPolicy: Sendable {
    private let users: Set<UInt32>
    private let groups: Set<UInt32>

    package init(uid: UInt32 = getuid(), groups: Set<UInt32> = []) {
        users = [uid]
        self.groups = groups
    }

    /// - Parameter users: whose processes may be at the other end, whatever their groups.
    package init(users: Set<UInt32>, groups: Set<UInt32>) {
        self.users = users
        self.groups = groups
    }

    package func allows(_ peer: Peer) -> Bool {
        users.contains(peer.uid) || groups.contains(peer.gid)
    }
}
