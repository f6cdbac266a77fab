// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The number of file descriptors that this process may have open.
enum OpenFileLimit {
    /// Descriptors for everything but browsers' connections: sockets of services, log, uploads.
    private static let reserved = 512
    /// Connections that are accepted even if the limit is too low for them.
    private static let minimumConnections = 16

    /// Raises the process's soft limit as far as the hard limit allows.
    ///
    /// - Parameter connections: connections that are wanted.
    /// - Returns: connections for which there are enough descriptors.
    static func raise(forConnections connections: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return connections }
        let needed = rlim_t(descriptors(forConnections: connections))
        if limit.rlim_cur < needed {
            limit.rlim_cur = min(needed, limit.rlim_max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Self.connections(upTo: connections, descriptors: Int(clamping: limit.rlim_cur))
    }

    /// The descriptors that a number of connections needs: each may send a file.
    static func descriptors(forConnections connections: Int) -> Int { 2 * connections + reserved }

    /// The connections that a number of descriptors allows, at most `wanted`.
    static func connections(upTo wanted: Int, descriptors: Int) -> Int {
        min(wanted, max((descriptors - reserved) / 2, minimumConnections))
    }
}
