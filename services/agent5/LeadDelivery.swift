// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults

/// Copies the output of a lead below the output prefix, where the job expects it.
struct LeadDelivery: Sendable {
    /// The output prefix of the call.
    let prefix: ArtifactURI
    let artifacts: Artifacts

    /// - Throws: `invalid_params` if the output prefix is not a URI; `unauthorized` if it must not be written.
    init(_ request: AgentRequest, _ artifacts: Artifacts) throws(ServiceError) {
        prefix = try artifacts.input(request.outputPrefix, at: "/output_prefix", "the output folder")
        self.artifacts = artifacts
    }

    /// Delivers a whole film.
    ///
    /// - Returns: Its URI below the prefix.
    func film(_ source: ArtifactURI) async throws -> String {
        try await deliver(source, as: "agent5_film.mp4")
    }

    /// Delivers the clip of one segment.
    ///
    /// - Returns: Its URI below the prefix.
    func clip(_ source: ArtifactURI, of segment: String) async throws -> String {
        try await deliver(source, as: "agent5_\(segment).mp4")
    }

    /// Delivers reported clips.
    ///
    /// - Parameters:
    ///   - reported: The clips.
    ///   - source: Who reported the clips, for errors.
    ///   - uri: Resolves the file of a clip.
    /// - Returns: The clips, with each file below the prefix.
    /// - Throws: `unavailable` for an invalid segment ID.
    func clips(
        _ reported: [ReportedClip], by source: String, uri: (String) throws(ServiceError) -> ArtifactURI
    ) async throws -> [AgentClip] {
        var clips: [AgentClip] = []
        for entry in reported {
            guard Identifier.isValid(entry.segmentID) else {
                throw ServiceError(
                    .unavailable, "\(source) reports a clip of the invalid segment \"\(entry.segmentID.prefix(80))\"")
            }
            var clip = AgentClip(segmentID: entry.segmentID, error: entry.error?.error)
            if let file = entry.clip { clip.clip = try await self.clip(try uri(file), of: entry.segmentID) }
            clips.append(clip)
        }
        return clips
    }

    private func deliver(_ source: ArtifactURI, as name: String) async throws -> String {
        // Symbolic links, and files behind them, are copied: the job accepts only files of its own folder.
        if source.isBelow(prefix), source != prefix, !artifacts.isLinked(source, below: prefix) {
            return source.description
        }
        let target = try prefix.appending(name)
        try await artifacts.copy(source, to: target)
        return target.description
    }
}
