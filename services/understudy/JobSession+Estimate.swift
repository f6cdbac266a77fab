import Artifacts
import Contracts
import FoundationEssentials
import JSONRPC

/// The dry run: the same question as a job's, and no job.
extension JobSession {
    /// - Throws: what would stand in the job's way.
    func estimate() async throws -> Estimate {
        var params: [String: JSONValue] = [
            "user_id": .string(request.user), "session_id": .string(request.session), "options": request.options,
        ]
        let inputs = try await passedInputs()
        if !inputs.isEmpty { params["pipeline_data"] = .object(inputs) }
        let ready = params
        return try await withOrchestrator { orchestrator, _ in
            try JSONCoding.convert(
                try await orchestrator.call(OrchestratorAPI.estimate.name, params: .object(ready)), to: Estimate.self)
        }
    }

    /// The inputs that would be put into the store, passed along instead: a dry run writes nothing.
    private func passedInputs() async throws -> [String: JSONValue] {
        var inputs: [String: JSONValue] = [:]
        guard let storyboard = request.storyboard else { return inputs }
        guard let data = try? Data(contentsOf: URL(filePath: storyboard)) else {
            throw ServiceError(.notFound, "there is no storyboard \(storyboard)")
        }
        let json: JSONValue
        do {
            json = try JSONCoding.decode(JSONValue.self, from: data)
        } catch {
            throw ServiceError(.invalidParams, "\(storyboard) is not JSON")
        }
        inputs["storyboard"] = json
        if let audio = request.audio {
            let files = try await Artifacts().list(ArtifactURI(filePath: StagedInputs.absolute(audio)))
            inputs["audio"] = .object(Self.narrations(of: json, in: files))
        }
        return inputs
    }

    /// The files that are named as segments are.
    private static func narrations(of storyboard: JSONValue, in files: [ArtifactURI]) -> [String: JSONValue] {
        var found: [String: JSONValue] = [:]
        for segment in storyboard["segments"]?.array ?? [] {
            guard let id = segment["id"]?.string ?? segment["segment_id"]?.string else { continue }
            let names = Places.narrationExtensions.map { "\(id).\($0)" }
            if let file = files.first(where: { names.contains($0.name) }) { found[id] = .string(file.description) }
        }
        return found
    }
}
