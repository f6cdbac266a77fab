import Artifacts
import Contracts
import Faults

/// Brings what a lead made to where the job expects it: below the output prefix.
struct LeadDelivery: Sendable {
    let prefix: ArtifactURI
    let artifacts: Artifacts

    /// - Throws: `invalid_params` for an output prefix that is no URI; `unauthorized` for one where nothing may be written.
    init(_ request: AgentRequest, _ artifacts: Artifacts) throws(ServiceError) {
        prefix = try artifacts.input(request.outputPrefix, at: "/output_prefix", "the output folder")
        self.artifacts = artifacts
    }

    /// A whole film. -> its URI below the prefix.
    func film(_ source: ArtifactURI) async throws -> String {
        try await deliver(source, as: "agent5_film.mp4")
    }

    /// The clip of one segment. -> its URI below the prefix.
    func clip(_ source: ArtifactURI, of segment: String) async throws -> String {
        try await deliver(source, as: "agent5_\(segment).mp4")
    }

    /// What was told of clips, with each brought below the prefix.
    ///
    /// - Parameters:
    ///   - teller: for an error about what was told.
    ///   - uri: of a place that was told.
    /// - Throws: `unavailable` for a segment whose name is none.
    func clips(
        _ told: [ToldClip], by teller: String, uri: (String) throws(ServiceError) -> ArtifactURI
    ) async throws -> [AgentClip] {
        var clips: [AgentClip] = []
        for one in told {
            guard Identifier.isValid(one.segmentID) else {
                throw ServiceError(.unavailable, "\(teller) names the segment \"\(one.segmentID.prefix(80))\"")
            }
            var clip = AgentClip(segmentID: one.segmentID, error: one.error?.error)
            if let source = one.clip { clip.clip = try await self.clip(try uri(source), of: one.segmentID) }
            clips.append(clip)
        }
        return clips
    }

    private func deliver(_ source: ArtifactURI, as name: String) async throws -> String {
        // What is a link, or lies behind one, is copied: the job takes files of its own folder only.
        if source.isBelow(prefix), source != prefix, !artifacts.isLinked(source, below: prefix) {
            return source.description
        }
        let target = try prefix.appending(name)
        try await artifacts.copy(source, to: target)
        return target.description
    }
}
