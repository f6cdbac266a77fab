// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
import Glibc
package import JSONRPC

/// Decides which directories, sockets and processes a client trusts as services.
///
/// Requests contain prompts, file names and idempotency keys, and replies are trusted, so a client only connects to services of its own
/// user, of root, and of the groups in `UNDERSTUDY_ALLOW_GIDS`.
package struct PeerTrust: Sendable, Equatable {
    private let groups: Set<UInt32>
    /// The maximum bytes of a line that services accept.
    let lineLimit: Int

    /// Trusts this user, root and some groups.
    package init(groups: Set<UInt32> = [], lineLimit: Int = Wire.defaultLineLimit) {
        self.groups = groups
        self.lineLimit = lineLimit
    }

    /// Reads `UNDERSTUDY_ALLOW_GIDS` and `UNDERSTUDY_MAX_LINE_BYTES`. Invalid values are ignored; `ServiceSettings` reports them.
    package init(environment: [String: String]) {
        let groups = (environment["UNDERSTUDY_ALLOW_GIDS"] ?? "").split { ", ".contains($0) }.compactMap { UInt32($0) }
        let limit = environment["UNDERSTUDY_MAX_LINE_BYTES"].flatMap { Int($0) } ?? Wire.defaultLineLimit
        self.init(groups: Set(groups), lineLimit: max(limit, 1024))
    }

    /// The processes that may be at the other end of a connection.
    ///
    /// - Parameter owner: the owner of the socket's folder, which has been checked.
    func peers(owner: UInt32) -> PeerPolicy { PeerPolicy(users: [getuid(), 0, owner], groups: groups) }

    /// Checks the type, owner and permissions of a directory or socket. A missing file passes; the connection attempt reports it.
    ///
    /// - Parameter type: `S_IFDIR` or `S_IFSOCK`.
    /// - Returns: the owner's user id.
    /// - Throws: `unauthorized` with the path and the reason.
    func check(_ path: String, type: UInt32) throws(ServiceError) -> UInt32 {
        var status = stat()
        guard lstat(path, &status) == 0 else { return getuid() }
        guard status.st_mode & S_IFMT == type else {
            let expected = type == S_IFDIR ? "a directory" : "a socket"
            throw ServiceError(
                .unauthorized,
                "\(path) is not \(expected), or is a symbolic link: remove it, or set UNDERSTUDY_RUN_DIR "
                    + "to another directory")
        }
        guard [getuid(), 0].contains(status.st_uid) || groups.contains(status.st_gid) else {
            throw ServiceError(
                .unauthorized,
                "\(path) belongs to user \(status.st_uid), group \(status.st_gid), not to user \(getuid()): "
                    + "set UNDERSTUDY_RUN_DIR to another directory, or list the group in UNDERSTUDY_ALLOW_GIDS"
            )
        }
        guard type != S_IFDIR || !Self.isOpenToAll(status) else { throw Self.openToAll(path) }
        return status.st_uid
    }

    /// Whether any user may replace the contents of a directory.
    static func isOpenToAll(_ status: stat) -> Bool { status.st_mode & S_IWOTH != 0 && status.st_mode & S_ISVTX == 0 }

    static func openToAll(_ path: String) -> ServiceError {
        ServiceError(
            .unauthorized,
            "every user may write to \(path): run chmod o-w on it, or set UNDERSTUDY_RUN_DIR to another directory")
    }
}

extension RunDirectory {
    /// Connects to an instance of a service after checking the run directory, the service's folder, the socket and the process that
    /// serves it.
    ///
    /// - Parameters:
    ///   - timeout: how long to retry.
    ///   - interceptors: wrap each call of the connection, the first one outermost.
    /// - Throws: `unauthorized` if one of them is not trusted; `invalid_params` for an invalid instance; `RPCConnection.Lost`.
    package func connect(
        to service: String, instance: String, timeout: Duration = .milliseconds(500),
        interceptors: [any ClientInterceptor] = []
    ) async throws -> RPCConnection {
        let socket = try socketPath(service: service, instance: instance)
        return try await RPCConnection.connect(
            to: socket, timeout: timeout, peers: try trustedPeers(of: service, socket: socket),
            requestLimit: trust.lineLimit, interceptors: interceptors)
    }

    /// Checks the run directory, a service's folder and a socket in it.
    ///
    /// - Returns: the processes that may be at the other end of the socket.
    /// - Throws: `unauthorized` if one of them is not trusted.
    package func trustedPeers(of service: String, socket: String) throws(ServiceError) -> PeerPolicy {
        _ = try trust.check(path, type: S_IFDIR)
        let owner = try trust.check(folder(of: service), type: S_IFDIR)
        _ = try trust.check(socket, type: S_IFSOCK)
        return trust.peers(owner: owner)
    }
}
