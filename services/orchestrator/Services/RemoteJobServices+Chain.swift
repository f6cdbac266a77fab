// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import JSON
import JSONRPC
import JobFiles
import ServicePool

/// Calls the agents before the lead.
extension RemoteJobServices {
    func needs(_ agent: ChainAgent, _ spec: JobSpec) async -> Bool {
        let passed = spec.pipelineData?[agent == .agent2 ? "storyboard" : "audio"]
        return (passed == nil || passed == .null) && pools[agent.service].isPublished
    }

    func storyboard(for agent: ChainAgent, _ spec: JobSpec) async throws -> JSONValue {
        switch agent {
        case .agent2: .null
        case .agent4: try await storyboard(spec, try paths(spec)).json
        }
    }

    func call(
        _ agent: ChainAgent, _ spec: JobSpec, storyboard: JSONValue,
        _ onActivity: @escaping @Sendable (AgentActivity) -> Void
    ) async throws -> AgentResult {
        let request = AgentRequest(
            agent: agent.rawValue, jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID,
            supersessionID: spec.supersessionID, storyboard: storyboard, audio: [],
            outputPrefix: try folder(of: agent, spec).description, options: spec.options,
            pipelineData: spec.pipelineData)
        let result = try await pools.call(
            AgentAPI.process.of(agent.service), request, replicaTimeout: .seconds(1), onSent: { onActivity(.sent) },
            onProgress: { onActivity(.progress($0)) })
        if agent == .agent2, await !hasInputs(of: agent, spec) {
            let file = try uri(try paths(spec).storyboard)
            throw ServiceError(.notFound, "\(agent.agent.name) answered, but there is no storyboard at \(file)")
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
            files.contains { file in JobFilePaths.narrationExtensions.contains { file.name.hasSuffix(".\($0)") } }
        }
    }

    private func folder(of agent: ChainAgent, _ spec: JobSpec) throws(ServiceError) -> ArtifactURI {
        let paths = try paths(spec)
        return try uri(agent == .agent2 ? paths.storyboards : paths.narrations)
    }
}
