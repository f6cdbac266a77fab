package import Faults
import FoundationEssentials
import Glibc

/// The directory where services meet: `<service>/<instance>.sock`.
package struct RunDirectory: Sendable, Equatable {
    /// Bytes that a Unix socket's path may have.
    package static let maximumSocketPath = 103

    package let path: String
    /// Who is accepted as a service here.
    let trust: Trust

    package init(path: String, trust: Trust = Trust(environment: ProcessInfo.processInfo.environment)) {
        self.path = path
        self.trust = trust
    }

    /// `$UNDERSTUDY_RUN_DIR`, else `$XDG_RUNTIME_DIR/understudy`, else `/tmp/understudy-<uid>`.
    package static func resolve(environment: [String: String] = ProcessInfo.processInfo.environment) -> RunDirectory {
        let trust = Trust(environment: environment)
        if let path = environment["UNDERSTUDY_RUN_DIR"], !path.isEmpty { return RunDirectory(path: path, trust: trust) }
        if let base = environment["XDG_RUNTIME_DIR"], !base.isEmpty {
            return RunDirectory(path: "\(base)/understudy", trust: trust)
        }
        return RunDirectory(path: "/tmp/understudy-\(getuid())", trust: trust)
    }

    /// Makes the directory, 0770, where it is missing.
    ///
    /// - Throws: `unauthorized` for a link, something that is no directory, or somebody else's; `unavailable` where it cannot be made.
    package func prepare() throws(ServiceError) {
        try Self.prepare(path, parents: true)
    }

    /// Makes the folder of one service.
    package func prepare(service: String) throws(ServiceError) {
        try prepare()
        try Self.prepare("\(path)/\(service)", parents: false)
    }

    /// Where an instance's socket stands.
    ///
    /// - Throws: `invalid_params` for a path over 103 bytes, or an instance that is no file name.
    package func socketPath(service: String, instance: String) throws(ServiceError) -> String {
        guard !instance.isEmpty, !instance.hasPrefix("."), !instance.contains("/"), !instance.contains("\0") else {
            throw ServiceError(
                .invalidParams, "UNDERSTUDY_INSTANCE \"\(instance)\" is no file name; use letters, digits and dashes")
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

    /// The folder that a service's replicas publish their sockets in.
    package func folder(of service: String) -> String { "\(path)/\(service)" }

    /// The instances of a service that are published, sorted.
    package func instances(of service: String) -> [String] {
        Self.entries(of: folder(of: service)).compactMap { name in
            guard name.hasSuffix(".sock"), !name.hasPrefix(".") else { return nil }
            return String(name.dropLast(5))
        }.sorted()
    }

    /// The sockets of a service that are published, by instance. -> what is another one for each socket that is made.
    package func sockets(of service: String) -> [String: String] {
        var sockets: [String: String] = [:]
        for instance in instances(of: service) {
            sockets[instance] = socket(of: service, instance: instance)
        }
        return sockets
    }

    /// -> what is another one for each socket that is made; `nil` where there is none.
    package func socket(of service: String, instance: String) -> String? {
        var status = stat()
        guard lstat("\(folder(of: service))/\(instance).sock", &status) == 0 else { return nil }
        return "\(status.st_ino) \(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec)"
    }

    /// The services that have a folder, sorted.
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
                .unavailable, "cannot make \(path): \(reason); set UNDERSTUDY_RUN_DIR to a directory of yours")
        }
        // The mask of this process must not take the group's rights away.
        if isNew { chmod(path, 0o770) }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw ServiceError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ServiceError(.unauthorized, "\(path) is a link or no directory: remove it, or set UNDERSTUDY_RUN_DIR")
        }
        guard status.st_uid == getuid() else {
            throw ServiceError(
                .unauthorized, "\(path) belongs to user \(status.st_uid), not to \(getuid()): set UNDERSTUDY_RUN_DIR")
        }
        guard !Trust.isOpenToAll(status) else { throw Trust.openToAll(path) }
    }

    private static func entries(of path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }
}
