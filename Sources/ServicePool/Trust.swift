import Faults
import FoundationEssentials
import Glibc
package import JSONRPC

/// What a client accepts as the place and the process that answer it.
///
/// Requests carry prompts, names of files and keys of jobs, and replies are believed: a client goes to nobody whom it does not
/// know. It knows its own user, root, and the groups of `UNDERSTUDY_ALLOW_GIDS`.
package struct Trust: Sendable, Equatable {
    private let groups: Set<UInt32>
    /// Bytes that services take as one line.
    let lineLimit: Int

    package init(groups: Set<UInt32> = [], lineLimit: Int = Wire.defaultLineLimit) {
        self.groups = groups
        self.lineLimit = lineLimit
    }

    /// Reads `UNDERSTUDY_ALLOW_GIDS` and `UNDERSTUDY_MAX_LINE_BYTES`; the service settings refuse odd ones.
    package init(environment: [String: String]) {
        let groups = (environment["UNDERSTUDY_ALLOW_GIDS"] ?? "").split { ", ".contains($0) }.compactMap { UInt32($0) }
        let limit = environment["UNDERSTUDY_MAX_LINE_BYTES"].flatMap { Int($0) } ?? Wire.defaultLineLimit
        self.init(groups: Set(groups), lineLimit: max(limit, 1024))
    }

    /// Who may be at the other end of a connection.
    ///
    /// - Parameter owner: the user whose folder the socket is in, which was checked.
    func peers(owner: UInt32) -> PeerPolicy { PeerPolicy(users: [getuid(), 0, owner], groups: groups) }

    /// Checks a directory or a socket. What is not there is left to the connection to report.
    ///
    /// - Parameter type: `S_IFDIR` or `S_IFSOCK`.
    /// - Returns: its owner.
    /// - Throws: `unauthorized` that names the path and what is wrong with it.
    func check(_ path: String, type: UInt32) throws(ServiceError) -> UInt32 {
        var status = stat()
        guard lstat(path, &status) == 0 else { return getuid() }
        guard status.st_mode & S_IFMT == type else {
            let expected = type == S_IFDIR ? "a directory" : "a socket"
            throw ServiceError(
                .unauthorized, "\(path) is not \(expected), or is a link: remove it, or set UNDERSTUDY_RUN_DIR")
        }
        guard [getuid(), 0].contains(status.st_uid) || groups.contains(status.st_gid) else {
            throw ServiceError(
                .unauthorized,
                "\(path) belongs to user \(status.st_uid), group \(status.st_gid), not to user \(getuid()): set UNDERSTUDY_RUN_DIR, or list the group in UNDERSTUDY_ALLOW_GIDS"
            )
        }
        guard type != S_IFDIR || !Self.isOpenToAll(status) else { throw Self.openToAll(path) }
        return status.st_uid
    }

    /// Whether any user may replace what is in a directory.
    static func isOpenToAll(_ status: stat) -> Bool { status.st_mode & S_IWOTH != 0 && status.st_mode & S_ISVTX == 0 }

    static func openToAll(_ path: String) -> ServiceError {
        ServiceError(
            .unauthorized, "every user may write to \(path): take that away (chmod o-w), or set UNDERSTUDY_RUN_DIR")
    }
}

extension RunDirectory {
    /// Connects to an instance of a service, after a look at the run directory, the service's folder, the socket, and the process
    /// that serves it.
    ///
    /// - Parameter interceptors: run around each call of the connection.
    /// - Throws: `unauthorized` where one of them belongs to somebody who is not known; `invalid_params`; `RPCConnection.Lost`.
    package func connect(
        to service: String, instance: String, patience: Duration = .milliseconds(500),
        interceptors: [any ClientInterceptor] = []
    ) async throws -> RPCConnection {
        let socket = try socketPath(service: service, instance: instance)
        _ = try trust.check(path, type: S_IFDIR)
        let owner = try trust.check(folder(of: service), type: S_IFDIR)
        _ = try trust.check(socket, type: S_IFSOCK)
        return try await RPCConnection.connect(
            to: socket, patience: patience, peers: trust.peers(owner: owner), requestLimit: trust.lineLimit,
            interceptors: interceptors)
    }
}
