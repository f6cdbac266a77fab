package import Faults
import FoundationEssentials
import Glibc

/// The right to one socket name: a lock that dies with the process, and the renaming that makes a ready socket visible.
///
/// Order: `claim`, listen on `bindPath`, warm up, `publish`; at the end `withdraw`.
package final class SocketPublication: Sendable {
    /// Where clients find the socket.
    package let path: String
    /// Where the server binds; short enough for the system even when `path` is at its limit.
    package let bindPath: String
    /// Replicas whose processes are gone, and whose sockets were still there.
    package let removed: [String]
    private let temporaryPath: String
    private let lock: InstanceLock
    private let only: InstanceLock?
    private let folder: Int32

    /// Takes the name for this process. Sockets that killed processes left behind are removed.
    ///
    /// - Parameter isOnly: whether there may be no other replica of the service.
    /// - Throws: `conflict` when a living process has the name, or is the only one.
    package init(
        service: String, instance: String, isOnly: Bool = false, in directory: RunDirectory
    ) throws(ServiceError) {
        path = try directory.socketPath(service: service, instance: instance)
        try directory.prepare(service: service)
        let folderPath = directory.folder(of: service)
        temporaryPath = "\(folderPath)/.\(instance).sock.tmp"

        let lockPath = "\(folderPath)/\(instance).lock"
        guard let lock = try InstanceLock(path: lockPath, patience: .milliseconds(500)) else {
            throw ServiceError(
                .conflict,
                "\(service)/\(instance) is running already (\(lockPath) is locked): stop it, or set UNDERSTUDY_INSTANCE"
            )
        }
        self.lock = lock
        only = isOnly ? try InstanceLock(path: "\(folderPath)/.only", patience: .zero) : nil
        guard !isOnly || only != nil else {
            throw ServiceError(
                .conflict,
                "another \(service) serves in \(directory.path): stop it, or give each stack a run directory of its own by "
                    + "UNDERSTUDY_RUN_DIR")
        }
        removed = Self.removeDead(besides: instance, in: folderPath)
        folder = open(folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        bindPath =
            temporaryPath.utf8.count <= RunDirectory.maximumSocketPath || folder < 0
            ? temporaryPath : "/proc/self/fd/\(folder)/.\(instance).sock.tmp"
        unlink(path)
        unlink(temporaryPath)
    }

    deinit {
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

    /// Takes away what replicas left whose processes are gone: nobody has their locks.
    private static func removeDead(besides instance: String, in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".lock") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
            .filter { other in
                guard other != instance, let lock = try? InstanceLock(path: "\(folder)/\(other).lock", patience: .zero)
                else { return false }
                let wasThere = unlink("\(folder)/\(other).sock") == 0
                unlink("\(folder)/.\(other).sock.tmp")
                lock.remove()
                return wasThere
            }
    }
}
