// SPDX-License-Identifier: Apache-2.0

import Faults

/// A replacement of an artifact that can be committed or rolled back.
///
/// The previous artifact is backed up next to it, whatever its size.
package struct ArtifactReplacement: Sendable {
    /// The replaced artifact.
    package let uri: ArtifactURI
    /// The backup of the previous artifact, with a hidden name; `nil` if there was none.
    package let backup: ArtifactURI?
    private let artifacts: Artifacts

    /// Replaces an artifact.
    ///
    /// - Parameter write: writes the new artifact.
    /// - Throws: the error of the backup, before anything is replaced; what `write` throws.
    package init(_ uri: ArtifactURI, in artifacts: Artifacts, by write: () async throws -> Void) async throws {
        self.uri = uri
        self.artifacts = artifacts
        backup = try await Self.backUp(uri, artifacts)
        do {
            try await write()
        } catch {
            if let backup { try? await artifacts.remove(backup) }
            throw error
        }
    }

    /// Restores the previous artifact, or removes the new one if there was none.
    ///
    /// - Throws: why the artifact cannot be restored; the backup is preserved.
    package func rollBack() async throws {
        guard let backup else { return try await artifacts.remove(uri) }
        try await artifacts.copy(backup, to: uri)
        try await artifacts.remove(backup)
    }

    /// Accepts the replacement and removes the backup.
    package func commit() async {
        if let backup { try? await artifacts.remove(backup) }
    }

    private static func backUp(_ uri: ArtifactURI, _ artifacts: Artifacts) async throws -> ArtifactURI? {
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
