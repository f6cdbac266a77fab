// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
import Glibc

/// The directory of all service sockets, `<service>/<instance>.sock`.
///
/// ```swift
/// let directory = RunDirectory.resolve()
/// let connection = try await directory.connect(to: "clipper", instance: "one")
/// ```
package struct RunDirectory: Sendable, Equatable {
    /// The maximum bytes of a Unix domain socket's path.
    package static let maximumSocketPath = 103

    /// The directory's path.
    package let path: String
    /// Which services clients trust.
    let trust: PeerTrust

    /// Creates a value for a directory, which need not exist.
    package init(path: String, trust: PeerTrust = PeerTrust(environment: ProcessInfo.processInfo.environment)) {
        self.path = path
        self.trust = trust
    }

    /// The run directory of an environment: `$UNDERSTUDY_RUN_DIR`, else `$XDG_RUNTIME_DIR/understudy`, else `/tmp/understudy-<uid>`.
    package static func resolve(environment: [String: String] = ProcessInfo.processInfo.environment) -> RunDirectory {
        let trust = PeerTrust(environment: environment)
        if let path = environment["UNDERSTUDY_RUN_DIR"], !path.isEmpty { return RunDirectory(path: path, trust: trust) }
        if let base = environment["XDG_RUNTIME_DIR"], !base.isEmpty {
            return RunDirectory(path: "\(base)/understudy", trust: trust)
        }
        return RunDirectory(path: "/tmp/understudy-\(getuid())", trust: trust)
    }

    /// Creates the directory with mode 0770 if it is missing.
    ///
    /// - Throws: `unauthorized` if it is a symbolic link, not a directory, belongs to another user or is writable by every user;
    ///   `unavailable` if it cannot be created.
    package func prepare() throws(ServiceError) {
        try Self.prepare(path, parents: true)
    }

    /// Creates the directory and the folder of a service.
    ///
    /// - Throws: as `prepare()`.
    package func prepare(service: String) throws(ServiceError) {
        try prepare()
        try Self.prepare("\(path)/\(service)", parents: false)
    }

    /// The path of an instance's socket.
    ///
    /// - Throws: `invalid_params` if the path exceeds 103 bytes or the instance is not a file name.
    package func socketPath(service: String, instance: String) throws(ServiceError) -> String {
        guard !instance.isEmpty, !instance.hasPrefix("."), !instance.contains("/"), !instance.contains("\0") else {
            throw ServiceError(
                .invalidParams, "UNDERSTUDY_INSTANCE \"\(instance)\" is not a file name: use letters, digits and dashes"
            )
        }
        let path = "\(self.path)/\(service)/\(instance).sock"
        guard path.utf8.count <= Self.maximumSocketPath else {
            throw ServiceError(
                .invalidParams,
                "the socket path \(path) has \(path.utf8.count) bytes, the system allows \(Self.maximumSocketPath): "
                    + "set UNDERSTUDY_RUN_DIR to a shorter directory")
        }
        return path
    }

    /// The path of the socket that mirrors an instance's messages, as long as that of its socket.
    package func tapPath(service: String, instance: String) -> String { "\(path)/\(service)/.\(instance).tap" }

    /// The folder of a service's sockets.
    package func folder(of service: String) -> String { "\(path)/\(service)" }

    /// The published instances of a service, sorted.
    package func instances(of service: String) -> [String] {
        Self.entries(of: folder(of: service)).compactMap { name in
            guard name.hasSuffix(".sock"), !name.hasPrefix(".") else { return nil }
            return String(name.dropLast(5))
        }.sorted()
    }

    /// The identities of a service's published sockets, by instance; see `socketIdentity(of:instance:)`.
    package func socketIdentities(of service: String) -> [String: String] {
        var identities: [String: String] = [:]
        for instance in instances(of: service) {
            identities[instance] = socketIdentity(of: service, instance: instance)
        }
        return identities
    }

    /// A text that is unique to a socket file, so that a socket created later under the same name differs.
    ///
    /// - Returns: `nil` if there is no socket.
    package func socketIdentity(of service: String, instance: String) -> String? {
        var status = stat()
        guard lstat("\(folder(of: service))/\(instance).sock", &status) == 0 else { return nil }
        return "\(status.st_ino) \(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec)"
    }

    /// The names of all services that have a folder, sorted.
    package func services() -> [String] {
        Self.entries(of: path).filter { name in
            var status = stat()
            return !name.hasPrefix(".") && lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }.sorted()
    }

    private static func prepare(_ path: String, parents: Bool) throws(ServiceError) {
        if parents, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            let parent = String(path[..<slash])
            if access(parent, F_OK) != 0 {
                try? FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            }
        }
        let isNew = mkdir(path, 0o770) == 0
        if !isNew, errno != EEXIST {
            let reason = String(cString: strerror(errno))
            throw ServiceError(
                .unavailable, "cannot create \(path): \(reason); set UNDERSTUDY_RUN_DIR to a directory that you own")
        }
        // The umask may have removed the group's permissions.
        if isNew { chmod(path, 0o770) }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw ServiceError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ServiceError(
                .unauthorized,
                "\(path) is a symbolic link or not a directory: remove it, or set UNDERSTUDY_RUN_DIR to another directory"
            )
        }
        guard status.st_uid == getuid() else {
            throw ServiceError(
                .unauthorized,
                "\(path) belongs to user \(status.st_uid), not to \(getuid()): "
                    + "set UNDERSTUDY_RUN_DIR to a directory that you own")
        }
        guard !PeerTrust.isOpenToAll(status) else { throw PeerTrust.openToAll(path) }
    }

    private static func entries(of path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }
}
