import Artifacts
import Contracts
import JSONRPC

/// Brings what a lead made to where the job expects it: below the output prefix.
struct LeadDelivery: Sendable {
    let prefix: ArtifactURI
    let artifacts: Artifacts

    /// - Throws: `invalid_params` for an output prefix that is no URI.
    init(_ request: AgentRequest, _ artifacts: Artifacts) throws(ServiceError) {
        prefix = try ArtifactURI(request.outputPrefix, at: "/output_prefix")
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

    private func deliver(_ source: ArtifactURI, as name: String) async throws -> String {
        if source.isBelow(prefix), source != prefix { return source.description }
        let target = try prefix.appending(name)
        try await artifacts.copy(source, to: target)
        return target.description
    }
}
