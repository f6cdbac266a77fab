package import FoundationEssentials
import Glibc
package import JSONRPC

/// What is known of an artifact without reading it.
package struct ArtifactInfo: Sendable, Equatable {
    /// Bytes.
    package let size: Int
    /// When its bytes were last changed, in seconds since 1970.
    package let modified: Double
}

/// Where bytes live, behind one door.
package struct Artifacts: Sendable {
    private let files = FileStore()

    package init() {}

    /// `nil` where there is no such artifact.
    package func info(_ uri: ArtifactURI) async throws(ServiceError) -> ArtifactInfo? {
        files.info(try path(uri))
    }

    /// The bytes of an artifact.
    ///
    /// - Parameter maximum: bytes; a larger artifact is `too_large`.
    /// - Throws: `not_found`, `too_large`, `unavailable`.
    package func read(_ uri: ArtifactURI, maximum: Int) async throws(ServiceError) -> Data {
        try files.read(try path(uri), maximum: maximum)
    }

    /// Stores bytes.
    package func write(_ bytes: Data, to uri: ArtifactURI) async throws {
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
        var found: [ArtifactURI] = []
        for name in files.list(try path(folder)) { found.append(try folder.appending(name)) }
        return found
    }

    package func remove(_ uri: ArtifactURI) async throws(ServiceError) {
        try files.remove(try path(uri))
    }

    /// Copies an artifact.
    package func copy(_ source: ArtifactURI, to target: ArtifactURI) async throws {
        let from = try await localPath(source)
        try await output(target) { temporary in
            do {
                try FileManager.default.copyItem(atPath: from, toPath: temporary)
            } catch {
                throw FileFailure.error(errno, "cannot copy \(source) to \(target)")
            }
        }
    }

    /// A path of this machine that holds the artifact's bytes.
    ///
    /// - Throws: `not_found`.
    package func localPath(_ uri: ArtifactURI) async throws(ServiceError) -> String {
        let path = try path(uri)
        guard files.info(path) != nil else { throw ServiceError(.notFound, "\(uri) does not exist or is no file") }
        return path
    }

    /// Makes sure that an artifact lies below a folder, links followed: a name in the folder may lead out of it.
    ///
    /// - Parameter whose: as the error calls the artifact.
    /// - Throws: `unauthorized` for one that does not. One that does not exist lies nowhere, which is no fault here.
    package func confine(_ uri: ArtifactURI, to folder: ArtifactURI, whose: String) throws(ServiceError) {
        guard let real = files.real(try path(uri)), let root = files.real(try path(folder)) else { return }
        guard real == root || real.hasPrefix(root == "/" ? root : root + "/") else {
            throw ServiceError(.unauthorized, "\(whose) \(uri) is a link that leads out of \(folder)")
        }
    }

    /// Makes an artifact: `body` writes a file of the temporary name that it is given; the artifact appears whole when `body` has
    /// ended, and not at all when it throws.
    package func output<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        try await files.output(try path(uri), body)
    }

    /// Removes temporary files in a folder that writers which are gone left behind.
    package func sweep(_ folder: ArtifactURI, olderThan seconds: Int) async throws(ServiceError) {
        files.sweep(try path(folder), olderThan: seconds)
    }

    private func path(_ uri: ArtifactURI) throws(ServiceError) -> String {
        guard uri.scheme == .file else {
            throw ServiceError(
                .unavailable, "\(uri): this installation keeps its artifacts in files; use a file:/// URI",
                retryable: false)
        }
        return uri.path
    }
}
