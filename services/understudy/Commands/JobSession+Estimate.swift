// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import JobFiles
import ServicePool

/// The dry run: an estimate for the parameters of the job, without a job.
extension JobSession {
    /// Requests an estimate.
    ///
    /// - Throws: the errors that the job would have.
    func estimate() async throws -> Estimate {
        var params: [String: JSONValue] = [
            "user_id": .string(request.user), "session_id": .string(request.session), "options": request.options,
        ]
        let inputs = try await inlineInputs()
        params["pipeline_data"] = inputs.storyboard.map { ["storyboard": $0] }
        let silent = params
        return try await withOrchestrator { orchestrator, layout in
            var params = silent
            if !inputs.narrations.isEmpty {
                // The URIs that the narrations would have after `run` has copied them into the store.
                let folder = try ArtifactURI(layout.store, at: "UNDERSTUDY_STORE")
                    .appending(try paths(in: layout).narrations)
                let audio = try inputs.narrations.mapValues { JSONValue.string(try folder.appending($0).description) }
                params["pipeline_data"] = ["storyboard": inputs.storyboard ?? .null, "audio": .object(audio)]
            }
            return try await orchestrator.call(OrchestratorAPI.estimate.unchecked, .object(params))
        }
    }

    /// The inputs to pass in the call, since a dry run writes nothing to the store.
    ///
    /// - Returns: the storyboard, and the names of narration files by segment.
    private func inlineInputs() async throws -> (storyboard: JSONValue?, narrations: [String: String]) {
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

    /// The files that are named after a segment.
    private static func narrations(of storyboard: JSONValue, in files: [ArtifactURI]) -> [String: String] {
        var found: [String: String] = [:]
        for segment in storyboard["segments"]?.array ?? [] {
            guard let id = segment["id"]?.string ?? segment["segment_id"]?.string else { continue }
            let names = JobFilePaths.narrationExtensions.map { "\(id).\($0)" }
            if let file = files.first(where: { names.contains($0.name) }) { found[id] = file.name }
        }
        return found
    }
}
