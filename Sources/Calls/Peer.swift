// SPDX-License-Identifier: Apache-2.0

/// The process at the other end of a connection, as reported by the kernel.
package struct Peer: Sendable, Equatable {
    /// The process id.
    package let pid: Int32
    /// The effective user id.
    package let uid: UInt32
    /// The effective group id.
    package let gid: UInt32

    /// Creates a peer from its credentials.
    package init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }
}
