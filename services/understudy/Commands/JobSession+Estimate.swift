import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import JobFiles
import ServicePool

/// The dry run: the same question as a job's, and no job.
extension JobSession {
    /// - Throws: what would stand in the job's way.
    func estimate() async throws -> Estimate {
        var params: [String: JSONValue] = [
            "user_id": .string(request.user), "session_id": .string(request.session), "options": request.options,
        ]
        let inputs = try await passedInputs()
        params["pipeline_data"] = inputs.storyboard.map { ["storyboard": $0] }
        let ready = params
        return try await withOrchestrator { orchestrator, layout in
            var params = ready
            if !inputs.narrations.isEmpty {
                // Named where a job would find them, since that is where the command line would put them.
                let folder = try ArtifactURI(layout.store, at: "UNDERSTUDY_STORE")
                    .appending(try places(in: layout).narrations)
                let audio = try inputs.narrations.mapValues { JSONValue.string(try folder.appending($0).description) }
                params["pipeline_data"] = ["storyboard": inputs.storyboard ?? .null, "audio": .object(audio)]
            }
            return try await orchestrator.call(OrchestratorAPI.estimate.unchecked, .object(params))
        }
    }

    /// The inputs that would be put into the store, passed along instead: a dry run writes nothing.
    ///
    /// - Returns: the storyboard, and the names of narration files by segment.
    private func passedInputs() async throws -> (storyboard: JSONValue?, narrations: [String: String]) {
        guard let storyboard = request.storyboard else { return (nil, [:]) }
        guard let data = try? Data(contentsOf: URL(filePath: storyboard)) else {
            throw ServiceError(.notFound, "there is no storyboard \(storyboard)")
        }
        let json: JSONValue
        do {
            json = try JSONCoding.decode(JSONValue.self, from: data)
        } catch {
            throw ServiceError(.invalidParams, "\(storyboard) is not JSON")
        }
        guard let audio = request.audio else { return (json, [:]) }
        let files = try await Artifacts().list(ArtifactURI(filePath: StagedInputs.absolute(audio)))
        return (json, Self.narrations(of: json, in: files))
    }

    /// The files that are named as segments are.
    private static func narrations(of storyboard: JSONValue, in files: [ArtifactURI]) -> [String: String] {
        var found: [String: String] = [:]
        for segment in storyboard["segments"]?.array ?? [] {
            guard let id = segment["id"]?.string ?? segment["segment_id"]?.string else { continue }
            let names = Places.narrationExtensions.map { "\(id).\($0)" }
            if let file = files.first(where: { names.contains($0.name) }) { found[id] = file.name }
        }
        return found
    }
}
