package import Calls
import Glibc

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
