import Faults

/// An artifact that was replaced before it is known whether the replacement is wanted.
///
/// What was there before is kept as a copy beside it, whatever its size.
package struct ReplacedArtifact: Sendable {
    package let uri: ArtifactURI
    /// The copy of what was there before, under a hidden name; `nil` if there was nothing.
    package let earlier: ArtifactURI?
    private let artifacts: Artifacts

    /// Replaces an artifact.
    ///
    /// - Parameter write: writes the new one.
    /// - Throws: what `write` throws, and why the earlier artifact cannot be copied: nothing is replaced then.
    package init(_ uri: ArtifactURI, in artifacts: Artifacts, by write: () async throws -> Void) async throws {
        self.uri = uri
        self.artifacts = artifacts
        earlier = try await Self.copy(of: uri, artifacts)
        do {
            try await write()
        } catch {
            if let earlier { try? await artifacts.remove(earlier) }
            throw error
        }
    }

    /// Restores what was there before.
    ///
    /// - Throws: why it cannot be restored; the copy stays.
    package func takeBack() async throws {
        guard let earlier else { return try await artifacts.remove(uri) }
        try await artifacts.copy(earlier, to: uri)
        try await artifacts.remove(earlier)
    }

    /// Accepts the replacement: removes the copy.
    package func keep() async {
        if let earlier { try? await artifacts.remove(earlier) }
    }

    private static func copy(of uri: ArtifactURI, _ artifacts: Artifacts) async throws -> ArtifactURI? {
        guard try await artifacts.info(uri) != nil else { return nil }
        let copy = uri.temporary
        do {
            try await artifacts.copy(uri, to: copy)
        } catch let error as any ServiceErrorConvertible where error.serviceError.kind == .notFound {
            return nil
        }
        return copy
    }
}
