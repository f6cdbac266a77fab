// SPDX-License-Identifier: Apache-2.0

package import Calls
import Glibc

/// Which processes may be at the other end of a connection, by user or group.
///
/// ```swift
/// let peers = PeerPolicy(groups: [1000])  // this user, and any process of group 1000
/// ```
package struct PeerPolicy: Sendable {
    private let users: Set<UInt32>
    private let groups: Set<UInt32>

    /// Creates a policy that allows one user (this process's by default) and some groups.
    package init(uid: UInt32 = getuid(), groups: Set<UInt32> = []) {
        users = [uid]
        self.groups = groups
    }

    /// Creates a policy that allows some users, regardless of their groups, and some groups, regardless of the user.
    package init(users: Set<UInt32>, groups: Set<UInt32>) {
        self.users = users
        self.groups = groups
    }

    /// Whether a process may be at the other end.
    package func allows(_ peer: Peer) -> Bool {
        users.contains(peer.uid) || groups.contains(peer.gid)
    }
}
