import AWS
package import Faults
package import FoundationEssentials
import Glibc

/// Where bytes live, behind one door: files of this machine, and objects of S3.
package struct Artifacts: Sendable {
    private let files = FileStore()
    private let objects: ObjectStore
    /// What calls may name; anything if absent, as on the command line.
    package let policy: ArtifactPolicy?

    /// - Parameters:
    ///   - environment: names the AWS account and the folder of local copies; read when the first object is asked for.
    ///   - policy: for a service, what its callers may name.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, policy: ArtifactPolicy? = nil
    ) {
        objects = ObjectStore(environment: environment)
        self.policy = policy
    }

    /// The artifacts of a service, with its policy.
    ///
    /// - Parameter store: the URI of the artifact store.
    /// - Throws: `invalid_params` that names the variable.
    package init(store: String, environment: [String: String]) throws(ServiceError) {
        _ = try LocalCopies.bytes(environment)
        let list = environment[ArtifactPolicy.variable]
        let policy = try ArtifactPolicy(store: try ArtifactURI(store, at: "UNDERSTUDY_STORE"), list: list)
        self.init(environment: environment, policy: policy)
    }

    /// An artifact that a call names as an input.
    ///
    /// - Parameters:
    ///   - pointer: where its URI is in the parameters.
    ///   - what: how the error names the artifact.
    /// - Throws: `invalid_params`; `unauthorized` if the policy does not allow it.
    package func input(
        _ text: String, at pointer: String, _ what: String = "the file", isConfined: Bool = false
    ) throws(ServiceError) -> ArtifactURI {
        let uri = try ArtifactURI(text, at: pointer)
        try policy?.check(uri, "\(pointer): \(what)", isConfined: isConfined)
        return uri
    }

    /// An artifact that a call names as an output; with a link, the file that the link leads to.
    ///
    /// - Throws: `invalid_params`; `unauthorized`; `conflict` if something that is not a regular file is there.
    package func target(_ text: String, at pointer: String) throws(ServiceError) -> ArtifactURI {
        let uri = try ArtifactURI(text, at: pointer)
        try policy?.checkTarget(uri, "\(pointer): the output")
        if uri.scheme == .file { _ = try FileStore.target(uri.path) }
        return uri
    }

    /// `nil` where there is no such artifact.
    package func info(_ uri: ArtifactURI) async throws(ServiceError) -> ArtifactInfo? {
        switch uri.scheme {
        case .file: files.info(uri.path)
        case .s3: try await asked { try await objects.info(uri) }
        }
    }

    /// The same for what lies on this machine, at once; `nil` also for what does not.
    package func localInfo(_ uri: ArtifactURI) -> ArtifactInfo? {
        uri.scheme == .file ? files.info(uri.path) : nil
    }

    /// The bytes of an artifact.
    ///
    /// - Parameter maximum: bytes; a larger artifact is `too_large`.
    /// - Throws: `not_found`, `too_large`, `unavailable`.
    package func read(_ uri: ArtifactURI, maximum: Int) async throws(ServiceError) -> Data {
        switch uri.scheme {
        case .file: try files.read(uri.path, maximum: maximum)
        case .s3: try await asked { try await objects.read(uri, maximum: maximum) }
        }
    }

    /// Some bytes of an artifact as it was when `info` was asked for.
    ///
    /// - Parameter range: within the artifact.
    /// - Throws: `not_found`; `conflict` where it has changed since.
    package func read(
        _ uri: ArtifactURI, range: Range<Int>, of info: ArtifactInfo
    ) async throws(ServiceError) -> Data {
        switch uri.scheme {
        case .file: try files.read(uri.path, range: range, of: info)
        case .s3: try await asked { try await objects.read(uri, range: range, of: info) }
        }
    }

    /// Stores bytes.
    package func write(_ bytes: Data, to uri: ArtifactURI) async throws {
        if uri.scheme == .s3 { return try await objects.write(bytes, to: uri) }
        try await output(uri) { temporary in
            do {
                try bytes.write(to: URL(filePath: temporary))
            } catch {
                throw FileFailure.error(errno, "cannot write \(uri)")
            }
        }
    }

    /// The artifacts in a folder, sorted by name; none where there is no such folder.
    package func list(_ folder: ArtifactURI) async throws(ServiceError) -> [ArtifactURI] {
        if folder.scheme == .s3 { return try await asked { try await objects.list(folder) } }
        var found: [ArtifactURI] = []
        for name in files.list(folder.path) { found.append(try folder.appending(name)) }
        return found
    }

    package func remove(_ uri: ArtifactURI) async throws(ServiceError) {
        switch uri.scheme {
        case .file: try files.remove(uri.path)
        case .s3: try await asked { try await objects.remove(uri) }
        }
    }

    /// Copies an artifact's bytes. A link at the source is followed once, and a link at the target that leads to the source itself
    /// becomes a file of its own.
    package func copy(_ source: ArtifactURI, to target: ArtifactURI) async throws {
        if source.scheme == .s3, target.scheme == .s3 { return try await objects.copy(source, to: target) }
        let from = try await localPath(source)
        if target.scheme == .s3 { return try await objects.store(from, as: target) }
        let file = try RegularFile(reading: from)
        if FileStore.real(target.path) == FileStore.real(from) {
            guard FileType(path: target.path, followingLinks: false) == .link else { return }
            try policy?.checkTarget(ArtifactURI(filePath: DurableFile.folder(of: target.path)), "the output's folder")
            return try await files.output(target.path, replacesLink: true) { try file.copy(to: $0) }
        }
        try await output(target) { try file.copy(to: $0) }
    }

    /// A path of this machine that holds the artifact's bytes as they were when `info` was asked for; `nil` for an object that
    /// nobody has brought here. An object's path is valid as below.
    package func localPath(_ uri: ArtifactURI, of info: ArtifactInfo) -> String? {
        uri.scheme == .file ? FileStore.real(uri.path) : objects.copy(uri, of: info)
    }

    /// A path of this machine that holds the artifact's bytes, with links followed.
    ///
    /// The path of an object's copy is valid until the call that is being answered ends, and for ten minutes where no call is.
    ///
    /// - Throws: `not_found`; `invalid_params` for what is not a regular file.
    package func localPath(_ uri: ArtifactURI) async throws(ServiceError) -> String {
        if uri.scheme == .s3 { return try await asked { try await objects.localPath(uri) } }
        guard let type = FileType(path: uri.path, followingLinks: true), let real = FileStore.real(uri.path) else {
            throw ServiceError(.notFound, "\(uri) does not exist or is no file")
        }
        try type.checkRegular(uri.description)
        try KernelFiles.refuse(real, as: uri.description)
        return real
    }

    /// Makes sure that an artifact is in a place that is allowed to everybody.
    ///
    /// - Parameter what: how the error names the artifact.
    /// - Throws: `unauthorized`.
    package func confine(_ uri: ArtifactURI, _ what: String) throws(ServiceError) {
        try policy?.check(uri, what, isConfined: true)
    }

    /// Whether an artifact below a folder is, or is behind, a link on this machine.
    package func isLinked(_ uri: ArtifactURI, below folder: ArtifactURI) -> Bool {
        guard uri.scheme == .file, let real = FileStore.real(uri.path), let root = FileStore.real(folder.path) else {
            return false
        }
        return real != root + uri.path.dropFirst(folder.path.count)
    }

    /// Makes sure that an artifact lies below a folder, links followed: a name in the folder may lead out of it.
    ///
    /// - Parameter whose: as the error calls the artifact.
    /// - Throws: `unauthorized` for one that does not. One that does not exist lies nowhere, which is no fault here.
    package func confine(_ uri: ArtifactURI, to folder: ArtifactURI, whose: String) throws(ServiceError) {
        // S3 has no links.
        guard uri.scheme == .file, folder.scheme == .file, let real = FileStore.real(uri.path),
            let root = FileStore.real(folder.path)
        else { return }
        guard real == root || real.hasPrefix(root == "/" ? root : root + "/") else {
            throw ServiceError(.unauthorized, "\(whose) \(uri) is a link that leads out of \(folder)")
        }
    }

    /// Makes an artifact: `body` writes a file of the temporary name that it is given; the artifact appears whole when `body` has
    /// ended, and not at all when it throws. A link is followed once, and the file that it leads to is replaced.
    ///
    /// - Throws: `conflict` if something that is not a regular file is there; `unauthorized` for a link that leads out of the
    ///   allowed places; what `body` throws.
    package func output<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        switch uri.scheme {
        case .file:
            let target = try FileStore.target(uri.path, folderToo: true)
            // A folder may be a link as well.
            try policy?.checkTarget(uri, "the output")
            return try await files.output(target, body)
        case .s3: return try await objects.output(uri, body)
        }
    }

    /// Removes temporary files in a folder that writers which are gone left behind.
    ///
    /// - Throws: `unauthorized` for a folder that is, or is behind, a link that leads out of the allowed places.
    package func sweep(_ folder: ArtifactURI, olderThan seconds: Int) async throws(ServiceError) {
        switch folder.scheme {
        case .file:
            try policy?.checkTarget(folder, "the folder")
            DurableFile.sweep(folder.path, olderThan: seconds)
        case .s3: try await asked { try await objects.sweep(folder, olderThan: seconds) }
        }
    }

    /// What S3 says against it, as a caller is told.
    private func asked<R>(_ body: () async throws -> R) async throws(ServiceError) -> R {
        do {
            return try await body()
        } catch {
            throw ServiceError(wrapping: error)
        }
    }
}
