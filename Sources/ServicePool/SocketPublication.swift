import Glibc
package import JSONRPC

/// The right to one socket name: a lock that dies with the process, and the renaming that makes a ready socket visible.
///
/// Order: `claim`, listen on `bindPath`, warm up, `publish`; at the end `withdraw`.
package final class SocketPublication: Sendable {
    /// Where clients find the socket.
    package let path: String
    /// Where the server binds; short enough for the system even when `path` is at its limit.
    package let bindPath: String
    private let temporaryPath: String
    private let lock: Int32
    private let folder: Int32

    /// Takes the name for this process. A socket that a killed process left behind is removed.
    ///
    /// - Throws: `conflict` when a living process has the name.
    package init(service: String, instance: String, in directory: RunDirectory) throws(ServiceError) {
        path = try directory.socketPath(service: service, instance: instance)
        try directory.prepare(service: service)
        let folderPath = directory.folder(of: service)
        temporaryPath = "\(folderPath)/.\(instance).sock.tmp"

        let lockPath = "\(folderPath)/\(instance).lock"
        lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o660)
        guard lock >= 0 else {
            throw ServiceError(.unavailable, "cannot open \(lockPath): \(String(cString: strerror(errno)))")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw ServiceError(
                .conflict,
                "\(service)/\(instance) is running already (\(lockPath) is locked): stop it, or set UNDERSTUDY_INSTANCE"
            )
        }
        folder = open(folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        bindPath =
            temporaryPath.utf8.count <= RunDirectory.maximumSocketPath || folder < 0
            ? temporaryPath : "/proc/self/fd/\(folder)/.\(instance).sock.tmp"
        unlink(path)
        unlink(temporaryPath)
    }

    deinit {
        close(lock)
        if folder >= 0 { close(folder) }
    }

    /// Makes the listening socket visible under its name.
    package func publish() throws(ServiceError) {
        chmod(temporaryPath, 0o660)
        guard rename(temporaryPath, path) == 0 else {
            throw ServiceError(.unavailable, "cannot publish \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Takes the name away: no new caller comes. The lock is kept until the process ends.
    package func withdraw() {
        unlink(path)
        unlink(temporaryPath)
    }
}
