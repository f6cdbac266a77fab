// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import JobFiles
import ServiceKit
import ServicePool

/// Runs one job and follows it to its end, on the running stack or on a temporary one.
///
/// ```swift
/// let receipt = try await JobSession(request: request).run()
/// ```
struct JobSession: Sendable {
    /// What to run.
    struct Request: Sendable {
        var user: String
        var session: String
        /// The path of a storyboard to copy into the store.
        var storyboard: String?
        /// The path of a folder of narrations to copy into the store.
        var audio: String?
        var options: JSONValue
        /// Where to copy the film.
        var output: String?
        /// Whether a temporary stack is used even if one is running.
        var usesTemporaryStack = false
        /// Variables of the temporary stack's services, besides this process's environment.
        var environment: [String: String] = [:]
    }

    let request: Request

    /// Runs the job.
    ///
    /// - Returns: its receipt; `nil` after Ctrl-C, when the job was cancelled.
    /// - Throws: the job's error.
    func run() async throws -> Receipt? {
        try await withOrchestrator { connection, layout in try await follow(connection, layout) }
    }

    /// Connects to the orchestrator of the running stack, or of a temporary one that runs as long as `body`.
    ///
    /// - Parameter body: takes the connection, and where the orchestrator stores the files of its jobs.
    func withOrchestrator<T: Sendable>(
        _ body: (_ orchestrator: RPCConnection, _ layout: ServiceLayout) async throws -> T
    ) async throws -> T {
        let settings = try ServiceSettings()
        if !request.usesTemporaryStack,
            let connection = try await ReplicaConnection.connectIfRunning(.orchestrator, in: settings.runDirectory)
        {
            return try await body(connection, try await Self.layout(of: connection))
        }
        // The log is outside the stack's folder, so that it remains for the diagnosis of a failure.
        let log = "\(settings.stateDirectory)/last-run.log"
        StateDirectory.protect(settings.stateDirectory)
        var environment = settings.environment.merging(request.environment) { _, own in own }
        environment["UNDERSTUDY_LOG_FILE"] =
            settings.string("UNDERSTUDY_LOG_FILE") ?? "\(settings.stateDirectory)/logger/events.jsonl"
        environment["UNDERSTUDY_STORE"] = environment["UNDERSTUDY_STORE"] ?? settings.store
        return try await TemporaryStack.with(environment, log: log) { stack in
            let connection = try await stack.connect(.orchestrator)
            let result = try await body(connection, try await Self.layout(of: connection))
            await connection.close()
            return result
        }
    }

    private static func layout(of orchestrator: RPCConnection) async throws -> ServiceLayout {
        let health = try await orchestrator.call(ServiceHealth.method, NoParams(), timeout: .seconds(5))
        guard let layout = health.layout else {
            throw ServiceError(
                .unavailable, "the orchestrator does not report its store: update it to this program's version")
        }
        return layout
    }

    /// The paths of the session's files.
    func paths(in layout: ServiceLayout) throws(ServiceError) -> JobFilePaths {
        try JobFilePaths(root: layout.root, userID: request.user, sessionID: request.session)
    }

    private func follow(_ connection: RPCConnection, _ layout: ServiceLayout) async throws -> Receipt? {
        let inputs = try await StagedInputs(
            storyboard: request.storyboard, audio: request.audio, store: layout.store,
            paths: try paths(in: layout))
        do {
            let receipt = try await follow(connection)
            await inputs.commit()
            return receipt
        } catch let error as any ServiceErrorConvertible where Self.concernsInputs(error.serviceError) {
            await inputs.rollBack()
            throw error
        } catch {
            await inputs.commit()
            throw error
        }
    }

    /// Starts the job and follows it to its end.
    private func follow(_ connection: RPCConnection) async throws -> Receipt? {
        let jobID = try await start(connection)
        let outcome: JobView? = try await InterruptSignals.race { try await watch(jobID, connection) }
        guard let view = outcome else {
            _ = try await connection.call(OrchestratorAPI.cancel, JobReference(jobID: jobID))
            _ = try? await watch(jobID, connection, isQuiet: true)
            Terminal.print("\(jobID) was cancelled")
            return nil
        }
        if let error = view.error { throw error }
        guard let video = view.videoURL else { throw ServiceError(.cancelled, "the job \(jobID) was cancelled") }
        if let output = request.output {
            try await Artifacts().copy(
                try ArtifactURI(video), to: try StagedInputs.uri(output))
        }
        return try await connection.call(OrchestratorAPI.receipt, JobReference(jobID: jobID))
    }

    /// Whether an error rejects the inputs.
    private static func concernsInputs(_ error: ServiceError) -> Bool {
        switch error.kind {
        case .invalidParams, .tooLarge: true
        default: false
        }
    }

    private func start(_ connection: RPCConnection) async throws -> String {
        // Unchecked: the orchestrator validates the user's options, unknown names included.
        let params: JSONValue = [
            "user_id": .string(request.user), "session_id": .string(request.session), "options": request.options,
        ]
        return try await connection.call(OrchestratorAPI.start.unchecked, params).jobID
    }

    /// Prints the status messages of a job until it ends.
    private func watch(_ jobID: String, _ connection: RPCConnection, isQuiet: Bool = false) async throws -> JobView {
        var display = ProgressDisplay(segments: [], isInteractive: Terminal.isInteractive) {
            StandardStreams.output($0)
        }
        _ = try await connection.call(OrchestratorAPI.watch, WatchJobs(jobID: jobID, afterSeq: isQuiet ? nil : 0))
        let now = try await connection.call(OrchestratorAPI.status, JobStatus(jobID: jobID, guidance: false))
        var isDone = isQuiet && now.state.isTerminal
        if !isDone {
            for await notification in connection.notifications where notification.method == OrchestratorAPI.event {
                let message = try JSONCoding.decode(StatusMessage.self, from: notification.params)
                guard message.jobId == jobID else { continue }
                if message.agentNumber == .understudy, message.status == .starting {
                    let view = try await connection.call(
                        OrchestratorAPI.status, JobStatus(jobID: jobID, guidance: false))
                    display.setSegments(view.segments.map(\.segmentID))
                }
                if !isQuiet { display.show(message) }
                isDone = message.jobState.isTerminal
                if isDone { break }
            }
        }
        try Task.checkCancellation()
        guard isDone else {
            throw ServiceError(
                .unavailable,
                "the connection to the orchestrator was lost; the job \(jobID) continues when it is back: see `understudy watch \(jobID)`"
            )
        }
        return try await connection.call(OrchestratorAPI.status, JobStatus(jobID: jobID, guidance: false))
    }
}
