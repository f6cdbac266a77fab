// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
import Glibc

/// Reserves a socket name for this process and publishes the socket under it.
///
/// A lock, which the kernel releases when the process ends, reserves the name. The socket is bound under a temporary name and renamed
/// once the service is ready.
///
/// ```swift
/// let publication = try SocketPublication(service: "clipper", instance: "one", in: directory)
/// let server = try await RPCServer.listen(path: publication.bindPath, ...)
/// try publication.publish()
/// publication.withdraw()
/// ```
package final class SocketPublication: Sendable {
    /// The path under which clients find the socket.
    package let path: String
    /// The path that the server binds; within the system's limit even if `path` is at its limit.
    package let bindPath: String
    /// The path of the socket that mirrors the replica's messages.
    package let tapPath: String
    /// The dead replicas whose sockets were removed.
    package let removed: [String]
    private let temporaryPath: String
    private let lock: InstanceLock
    private let singletonLock: InstanceLock?
    private let folder: Int32

    /// Reserves a name for this process and removes the stale sockets of dead processes.
    ///
    /// - Parameter isSingleton: whether at most one replica of the service may run.
    /// - Throws: `conflict` if another process has the name, or if another replica of a singleton runs; errors of `RunDirectory`.
    package init(
        service: String, instance: String, isSingleton: Bool = false, in directory: RunDirectory
    ) throws(ServiceError) {
        path = try directory.socketPath(service: service, instance: instance)
        try directory.prepare(service: service)
        let folderPath = directory.folder(of: service)
        temporaryPath = "\(folderPath)/.\(instance).sock.tmp"
        tapPath = directory.tapPath(service: service, instance: instance)

        let lockPath = "\(folderPath)/\(instance).lock"
        guard let lock = try InstanceLock(path: lockPath, timeout: .milliseconds(500)) else {
            throw ServiceError(
                .conflict,
                "\(service)/\(instance) is running already (\(lockPath) is locked): stop it, or set UNDERSTUDY_INSTANCE"
            )
        }
        self.lock = lock
        singletonLock = isSingleton ? try InstanceLock(path: "\(folderPath)/.only", timeout: .zero) : nil
        guard !isSingleton || singletonLock != nil else {
            throw ServiceError(
                .conflict,
                "another \(service) serves in \(directory.path): stop it, or set UNDERSTUDY_RUN_DIR "
                    + "to give each stack its own run directory")
        }
        removed = Self.removeDead(besides: instance, in: folderPath)
        folder = open(folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        bindPath =
            temporaryPath.utf8.count <= RunDirectory.maximumSocketPath || folder < 0
            ? temporaryPath : "/proc/self/fd/\(folder)/.\(instance).sock.tmp"
        unlink(path)
        unlink(temporaryPath)
        unlink(tapPath)
    }

    deinit {
        if folder >= 0 { close(folder) }
    }

    /// Makes the listening socket visible under its name.
    ///
    /// - Throws: `unavailable` if the socket cannot be renamed.
    package func publish() throws(ServiceError) {
        chmod(temporaryPath, 0o660)
        guard rename(temporaryPath, path) == 0 else {
            throw ServiceError(.unavailable, "cannot publish \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Removes the socket, so that no new clients connect. The lock is held until this object is released.
    package func withdraw() {
        unlink(path)
        unlink(temporaryPath)
    }

    /// Removes the socket that mirrors the replica's messages.
    package func withdrawTap() {
        unlink(tapPath)
    }

    /// Removes the files of dead replicas, recognized by locks that can be acquired.
    ///
    /// - Returns: the replicas that had a socket.
    private static func removeDead(besides instance: String, in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".lock") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
            .filter { other in
                guard other != instance, let lock = try? InstanceLock(path: "\(folder)/\(other).lock", timeout: .zero)
                else { return false }
                let wasThere = unlink("\(folder)/\(other).sock") == 0
                unlink("\(folder)/.\(other).sock.tmp")
                unlink("\(folder)/.\(other).tap")
                lock.remove()
                return wasThere
            }
    }
}
