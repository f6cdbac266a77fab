// SPDX-License-Identifier: Apache-2.0

import AWS
package import Faults
package import FoundationEssentials
import Glibc

/// Reads and writes artifacts by URI: local files and S3 objects.
///
/// Writes are atomic: a reader sees the old or the new artifact, never a partial one.
///
///     let folder = try ArtifactURI("file:///srv/films/session")
///     let artifacts = try Artifacts(store: "file:///srv/films", environment: ProcessInfo.processInfo.environment)
///     let captions = try folder.appending("final.srt")
///     try await artifacts.write(Data("1\n00:00:00,000 --> 00:00:02,000\nHello\n".utf8), to: captions)
///     let bytes = try await artifacts.read(captions, maximum: 1 << 20)
///     let path = try await artifacts.localPath(captions)
package struct Artifacts: Sendable {
    private let files = FileStore()
    private let objects: ObjectStore
    /// The access policy for URIs in calls; `nil` to allow everything, as on the command line.
    package let policy: ArtifactPolicy?

    /// Creates artifacts with an optional policy.
    ///
    /// - Parameters:
    ///   - environment: configures the AWS account and the folder of local copies. AWS settings are read on the first access to S3.
    ///   - policy: the access policy for URIs in calls.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, policy: ArtifactPolicy? = nil
    ) {
        objects = ObjectStore(environment: environment)
        self.policy = policy
    }

    /// Creates the artifacts of a service, with the policy from its environment.
    ///
    /// - Parameter store: the URI of the artifact store.
    /// - Throws: `invalid_params` that names the invalid variable.
    package init(store: String, environment: [String: String]) throws(ServiceError) {
        _ = try LocalCopies.configuredBytes(environment)
        let list = environment[ArtifactPolicy.variable]
        let policy = try ArtifactPolicy(store: try ArtifactURI(store, at: "UNDERSTUDY_STORE"), list: list)
        self.init(environment: environment, policy: policy)
    }

    /// Parses and checks the URI of an input.
    ///
    /// - Parameters:
    ///   - pointer: the JSON pointer of the URI in the parameters.
    ///   - subject: the artifact in messages.
    ///   - isConfined: whether to restrict the call to the allowed folders regardless of the caller.
    /// - Throws: `invalid_params`; `unauthorized` if the policy does not allow it.
    package func input(
        _ text: String, at pointer: String, _ subject: String = "the file", isConfined: Bool = false
    ) throws(ServiceError) -> ArtifactURI {
        let uri = try ArtifactURI(text, at: pointer)
        try policy?.check(uri, "\(pointer): \(subject)", isConfined: isConfined)
        return uri
    }

    /// Parses and checks the URI of an output. If it names a symbolic link, the link's target is checked.
    ///
    /// - Parameter pointer: the JSON pointer of the URI in the parameters.
    /// - Throws: `invalid_params`; `unauthorized` if the policy does not allow it; `conflict` if the path is not a regular file.
    package func target(_ text: String, at pointer: String) throws(ServiceError) -> ArtifactURI {
        let uri = try ArtifactURI(text, at: pointer)
        try policy?.checkTarget(uri, "\(pointer): the output")
        if uri.scheme == .file { _ = try FileStore.target(uri.path) }
        return uri
    }

    /// The metadata of an artifact.
    ///
    /// - Returns: `nil` if the artifact does not exist.
    /// - Throws: errors of S3; `invalid_params` for a URI without a key.
    package func info(_ uri: ArtifactURI) async throws(ServiceError) -> ArtifactInfo? {
        switch uri.scheme {
        case .file: files.info(uri.path)
        case .s3: try await mappingErrors { try await objects.info(uri) }
        }
    }

    /// The metadata of a local file, without suspending; `nil` also for S3 objects.
    package func localInfo(_ uri: ArtifactURI) -> ArtifactInfo? {
        uri.scheme == .file ? files.info(uri.path) : nil
    }

    /// Reads an artifact into memory.
    ///
    /// - Parameter maximum: maximum size in bytes; a larger artifact fails with `too_large`.
    /// - Throws: `not_found`, `too_large`, `unavailable`.
    package func read(_ uri: ArtifactURI, maximum: Int) async throws(ServiceError) -> Data {
        switch uri.scheme {
        case .file: try files.read(uri.path, maximum: maximum)
        case .s3: try await mappingErrors { try await objects.read(uri, maximum: maximum) }
        }
    }

    /// Reads a range of an artifact in the state that `info` describes.
    ///
    /// - Parameter range: byte positions within the artifact.
    /// - Throws: `not_found`; `conflict` if the artifact has changed since.
    package func read(
        _ uri: ArtifactURI, range: Range<Int>, of info: ArtifactInfo
    ) async throws(ServiceError) -> Data {
        switch uri.scheme {
        case .file: try files.read(uri.path, range: range, of: info)
        case .s3: try await mappingErrors { try await objects.read(uri, range: range, of: info) }
        }
    }

    /// Writes an artifact atomically, replacing an existing one.
    ///
    /// - Throws: `ServiceError`, as `output`.
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

    /// Lists the artifacts directly in a folder, sorted by name. Hidden names and subfolders are omitted; a missing folder is empty.
    ///
    /// - Throws: errors of S3.
    package func list(_ folder: ArtifactURI) async throws(ServiceError) -> [ArtifactURI] {
        if folder.scheme == .s3 { return try await mappingErrors { try await objects.list(folder) } }
        var found: [ArtifactURI] = []
        for name in files.list(folder.path) { found.append(try folder.appending(name)) }
        return found
    }

    /// Removes an artifact. Does nothing if it does not exist. A symbolic link is removed, its target is preserved.
    ///
    /// - Throws: `conflict` if the path is not a regular file; errors of S3.
    package func remove(_ uri: ArtifactURI) async throws(ServiceError) {
        switch uri.scheme {
        case .file: try files.remove(uri.path)
        case .s3: try await mappingErrors { try await objects.remove(uri) }
        }
    }

    /// Copies an artifact, within the store or between files and S3.
    ///
    /// A symbolic link at the source is followed. A link at the target that leads to the source is replaced by a copy.
    ///
    /// - Throws: `not_found`; `conflict` if the target is not a regular file; `unauthorized` if the policy does not allow the target.
    package func copy(_ source: ArtifactURI, to target: ArtifactURI) async throws {
        if source.scheme == .s3, target.scheme == .s3 { return try await objects.copy(source, to: target) }
        let sourcePath = try await localPath(source)
        if target.scheme == .s3 { return try await objects.store(sourcePath, as: target) }
        let file = try RegularFile(reading: sourcePath)
        if FileStore.realPath(target.path) == FileStore.realPath(sourcePath) {
            guard FileType(path: target.path, followingLinks: false) == .link else { return }
            try policy?.checkTarget(ArtifactURI(filePath: DurableFile.folder(of: target.path)), "the output's folder")
            return try await files.output(target.path, replacesLink: true) { try file.copy(to: $0) }
        }
        try await output(target) { try file.copy(to: $0) }
    }

    /// The path of a local file with the artifact's bytes in the state that `info` describes, without downloading.
    ///
    /// - Returns: `nil` for an S3 object without a local copy. The path is valid as long as that of `localPath(_:)`.
    package func localPath(_ uri: ArtifactURI, of info: ArtifactInfo) -> String? {
        uri.scheme == .file ? FileStore.realPath(uri.path) : objects.cachedPath(uri, of: info)
    }

    /// The path of a local file with the artifact's bytes, with symbolic links resolved. S3 objects are downloaded once and cached.
    ///
    /// The path of an S3 object's copy is valid until the current call ends, or for ten minutes outside of a call.
    ///
    /// - Throws: `not_found`; `invalid_params` if the path is not a regular file.
    package func localPath(_ uri: ArtifactURI) async throws(ServiceError) -> String {
        if uri.scheme == .s3 { return try await mappingErrors { try await objects.localPath(uri) } }
        guard let type = FileType(path: uri.path, followingLinks: true), let real = FileStore.realPath(uri.path) else {
            throw ServiceError(.notFound, "\(uri) does not exist or is not a file")
        }
        try type.checkRegular(uri.description)
        try PseudoFileSystems.reject(real, as: uri.description)
        return real
    }

    /// Checks that an artifact is in an allowed folder, regardless of the caller.
    ///
    /// - Parameter subject: the artifact in messages.
    /// - Throws: `unauthorized`.
    package func confine(_ uri: ArtifactURI, _ subject: String) throws(ServiceError) {
        try policy?.check(uri, subject, isConfined: true)
    }

    /// Whether the path of a local file below `folder` contains a symbolic link.
    package func isLinked(_ uri: ArtifactURI, below folder: ArtifactURI) -> Bool {
        guard uri.scheme == .file, let real = FileStore.realPath(uri.path),
            let root = FileStore.realPath(folder.path)
        else {
            return false
        }
        return real != root + uri.path.dropFirst(folder.path.count)
    }

    /// Checks that an artifact is below a folder after resolving symbolic links. A missing artifact passes.
    ///
    /// - Parameter subject: the artifact in messages.
    /// - Throws: `unauthorized` if a link leads out of the folder.
    package func confine(_ uri: ArtifactURI, to folder: ArtifactURI, subject: String) throws(ServiceError) {
        // S3 has no symbolic links.
        guard uri.scheme == .file, folder.scheme == .file, let real = FileStore.realPath(uri.path),
            let root = FileStore.realPath(folder.path)
        else { return }
        guard real == root || real.hasPrefix(root == "/" ? root : root + "/") else {
            throw ServiceError(.unauthorized, "\(subject) \(uri) is a link that leads out of \(folder)")
        }
    }

    /// Creates an artifact atomically.
    ///
    /// `body` writes a temporary file. The artifact appears when `body` returns, and is discarded if it throws. If the URI names a symbolic
    /// link, the link's target is replaced.
    ///
    /// - Parameter body: receives the path of the temporary file, which does not exist yet.
    /// - Returns: the result of `body`.
    /// - Throws: `conflict` if the path is not a regular file; `unauthorized` if a link leads out of the allowed folders; what `body` throws.
    package func output<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        switch uri.scheme {
        case .file:
            let target = try FileStore.target(uri.path, allowsFolder: true)
            // A parent folder may be a link that leads out of the allowed folders.
            try policy?.checkTarget(uri, "the output")
            return try await files.output(target, body)
        case .s3: return try await objects.output(uri, body)
        }
    }

    /// Removes temporary files and unfinished uploads that terminated writers left in a folder.
    ///
    /// - Parameter seconds: minimum age in seconds.
    /// - Throws: `unauthorized` if a link leads out of the allowed folders; errors of S3.
    package func sweep(_ folder: ArtifactURI, olderThan seconds: Int) async throws(ServiceError) {
        switch folder.scheme {
        case .file:
            try policy?.checkTarget(folder, "the folder")
            DurableFile.sweep(folder.path, olderThan: seconds)
        case .s3: try await mappingErrors { try await objects.sweep(folder, olderThan: seconds) }
        }
    }

    /// Maps errors of S3 to `ServiceError`.
    private func mappingErrors<R>(_ body: () async throws -> R) async throws(ServiceError) -> R {
        do {
            return try await body()
        } catch {
            throw ServiceError(wrapping: error)
        }
    }
}
