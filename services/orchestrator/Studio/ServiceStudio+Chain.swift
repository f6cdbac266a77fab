import Artifacts
import Calls
import Contracts
import Faults
import JSON
import JSONRPC
import JobFiles
import ServicePool

/// The agents before the lead, as services.
extension ServiceStudio {
    func needs(_ agent: ChainAgent, _ spec: JobSpec) async -> Bool {
        let given = spec.pipelineData?[agent == .agent2 ? "storyboard" : "audio"]
        return (given == nil || given == .null) && pools[agent.service].isPublished
    }

    func storyboard(for agent: ChainAgent, _ spec: JobSpec) async throws -> JSONValue {
        switch agent {
        case .agent2: .null
        case .agent4: try await storyboard(spec, try places(spec)).json
        }
    }

    func call(
        _ agent: ChainAgent, _ spec: JobSpec, storyboard: JSONValue, _ hears: @escaping @Sendable (AgentSign) -> Void
    ) async throws -> AgentResult {
        let request = AgentRequest(
            agent: agent.rawValue, jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID,
            supersessionID: spec.supersessionID, storyboard: storyboard, audio: [],
            outputPrefix: try folder(of: agent, spec).description, options: spec.options,
            pipelineData: spec.pipelineData)
        let result = try await pools.call(
            AgentAPI.process.of(agent.service), request, patience: .seconds(1), onSent: { hears(.sent) },
            onProgress: { hears(.progress($0)) })
        if agent == .agent2, await !hasInputs(of: agent, spec) {
            let place = try uri(try places(spec).storyboard)
            throw ServiceError(.notFound, "\(agent.agent.name) answered, but there is no storyboard at \(place)")
        }
        return result
    }

    func hasInputs(of agent: ChainAgent, _ spec: JobSpec) async -> Bool {
        guard let folder = try? folder(of: agent, spec), let files = try? await artifacts.list(folder) else {
            return false
        }
        return switch agent {
        case .agent2: files.contains { $0.name == "storyboard.json" }
        case .agent4:
            files.contains { file in Places.narrationExtensions.contains { file.name.hasSuffix(".\($0)") } }
        }
    }

    private func folder(of agent: ChainAgent, _ spec: JobSpec) throws(ServiceError) -> ArtifactURI {
        let places = try places(spec)
        return try uri(agent == .agent2 ? places.storyboards : places.narrations)
    }
}
