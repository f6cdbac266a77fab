// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import Glibc
import JSONRPC

/// Plays a script in place of a video generator: for rehearsals and demonstrations.
actor ScriptedProvider: VideoProvider {
    private let path: String
    private let artifacts: Artifacts
    /// The number of calls so far, by job ID.
    private var calls: [String: Int] = [:]

    /// - Parameters:
    ///   - path: The absolute path of the script.
    ///   - artifacts: Copies the files that the script names.
    init(path: String, artifacts: Artifacts) {
        self.path = path
        self.artifacts = artifacts
    }

    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        // Read for each call, so that the script can be changed during a rehearsal.
        let script = try await LeadScript.read(path)
        let number = calls[request.jobID, default: 0]
        guard let entry = script.entry(for: request, number: number) else {
            throw ServiceError(
                .unavailable, "the script \(path) has no entry for session \(request.sessionID)", retryable: false)
        }
        calls[request.jobID] = number + 1
        for step in entry.steps {
            if let result = try await play(step, request, call) { return result }
        }
        throw ServiceError(
            .internal, "the script \(path) ends without a result: add fail, video, clips or drop_connection")
    }

    private func play(_ step: LeadScript.Step, _ request: AgentRequest, _ call: Call) async throws -> AgentResult? {
        switch step {
        case .progress(let fraction, let message):
            call.progress(fraction, message)
        case .wait(let milliseconds):
            // trusted: bounded where the script is read
            try await Task.sleep(for: .milliseconds(milliseconds))
        case .hang:
            while true { try await Task.sleep(for: .seconds(3600)) }
        case .fail(let error):
            throw error
        case .dropConnection:
            call.dropConnection()
            // Closing the connection cancels this call; it must not reply before that.
            while true { try await Task.sleep(for: .seconds(3600)) }
        case .exit(let status):
            _exit(status)
        case .video(let source, let cost):
            return AgentResult(video: try await LeadDelivery(request, artifacts).film(try uri(source)), cost: cost)
        case .clips(let clips, let cost):
            let delivery = try LeadDelivery(request, artifacts)
            return AgentResult(clips: try await delivery.clips(clips, by: "the script \(path)", uri: uri), cost: cost)
        }
        return nil
    }

    /// Resolves a URI, an absolute path, or a path relative to the script.
    private func uri(_ source: String) throws(ServiceError) -> ArtifactURI {
        if source.contains("://") { return try ArtifactURI(source) }
        if source.hasPrefix("/") { return try ArtifactURI("file://\(source)") }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return try ArtifactURI("file://\(folder)/\(source)")
    }
}
