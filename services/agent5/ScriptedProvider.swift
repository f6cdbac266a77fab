import Artifacts
import Contracts
import Faults
import Glibc
import JSONRPC

/// Plays a script in place of a real video generator: for rehearsals and demonstrations.
actor ScriptedProvider: VideoProvider {
    private let path: String
    private let artifacts: Artifacts
    /// Calls so far, by job id.
    private var calls: [String: Int] = [:]

    init(path: String, artifacts: Artifacts) {
        self.path = path
        self.artifacts = artifacts
    }

    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        // Read for each call, so that the one who rehearses can change it.
        let script = try await Script.read(path)
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

    private func play(_ step: Script.Step, _ request: AgentRequest, _ call: Call) async throws -> AgentResult? {
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
            // Closing cancels this call; until then nothing may be answered.
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

    /// A URI, an absolute path, or a path relative to the script.
    private func uri(_ source: String) throws(ServiceError) -> ArtifactURI {
        if source.contains("://") { return try ArtifactURI(source) }
        if source.hasPrefix("/") { return try ArtifactURI("file://\(source)") }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return try ArtifactURI("file://\(folder)/\(source)")
    }
}
