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

/// A job that is followed from its start to its end, on a stack that runs, or on one that is started for it.
struct JobSession: Sendable {
    struct Request: Sendable {
        var user: String
        var session: String
        var storyboard: String?
        var audio: String?
        var options: JSONValue
        var output: String?
        /// Use a stack of one's own even where one runs.
        var isPrivate = false
        /// What the private stack's services get beside this process's environment.
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

    /// Connects to the orchestrator of the stack that runs, or of one that is started for as long as `body` runs.
    ///
    /// - Parameter body: gets the connection, and where the orchestrator has the files of its jobs.
    func withOrchestrator<T: Sendable>(
        _ body: (_ orchestrator: RPCConnection, _ layout: ServiceLayout) async throws -> T
    ) async throws -> T {
        let settings = try ServiceSettings()
        if !request.isPrivate,
            let connection = try await Callee.connectIfUp(.orchestrator, in: settings.runDirectory)
        {
            return try await body(connection, try await Self.layout(of: connection))
        }
        // The log outlives the stack: it is wanted most when something went wrong.
        let log = "\(settings.stateDirectory)/last-run.log"
        StateDirectory.protect(settings.stateDirectory)
        var environment = settings.environment.merging(request.environment) { _, own in own }
        environment["UNDERSTUDY_LOG_FILE"] =
            settings.string("UNDERSTUDY_LOG_FILE") ?? "\(settings.stateDirectory)/logger/events.jsonl"
        environment["UNDERSTUDY_STORE"] = environment["UNDERSTUDY_STORE"] ?? settings.store
        return try await PrivateStack.with(environment, log: log) { stack in
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
                .unavailable, "the orchestrator does not report its store: it is older than this program")
        }
        return layout
    }

    /// The session's folders.
    func places(in layout: ServiceLayout) throws(ServiceError) -> Places {
        try Places(root: layout.root, userID: request.user, sessionID: request.session)
    }

    private func follow(_ connection: RPCConnection, _ layout: ServiceLayout) async throws -> Receipt? {
        let inputs = try await StagedInputs(
            storyboard: request.storyboard, audio: request.audio, store: layout.store,
            places: try places(in: layout))
        do {
            let receipt = try await follow(connection)
            await inputs.keep()
            return receipt
        } catch let error as any ServiceErrorConvertible where Self.isRefusal(error.serviceError) {
            await inputs.takeBack()
            throw error
        } catch {
            await inputs.keep()
            throw error
        }
    }

    /// Starts the job and follows it to its end.
    private func follow(_ connection: RPCConnection) async throws -> Receipt? {
        let jobID = try await start(connection)
        let outcome: JobView? = try await Interruption.race { try await watch(jobID, connection) }
        guard let view = outcome else {
            _ = try await connection.call(OrchestratorAPI.cancel, JobReference(jobID: jobID))
            _ = try? await watch(jobID, connection, isQuiet: true)
            Terminal.print("\(jobID) is cancelled")
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

    /// Whether the inputs themselves were the fault.
    private static func isRefusal(_ error: ServiceError) -> Bool {
        switch error.kind {
        case .invalidParams, .tooLarge: true
        default: false
        }
    }

    private func start(_ connection: RPCConnection) async throws -> String {
        // The options are a person's: the orchestrator finds what is wrong with them, unknown names too.
        let params: JSONValue = [
            "user_id": .string(request.user), "session_id": .string(request.session), "options": request.options,
        ]
        return try await connection.call(OrchestratorAPI.start.unchecked, params).jobID
    }

    /// Shows a job's messages until it is at its end.
    private func watch(_ jobID: String, _ connection: RPCConnection, isQuiet: Bool = false) async throws -> JobView {
        var display = ProgressDisplay(segments: [], isInteractive: Terminal.isInteractive) {
            FileHandleOutput.output($0)
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
                    display.know(view.segments.map(\.segmentID))
                }
                if !isQuiet { display.show(message) }
                isDone = message.jobState.isTerminal
                if isDone { break }
            }
        }
        try Task.checkCancellation()
        guard isDone else {
            throw ServiceError(.unavailable, "the orchestrator went away; the job \(jobID) goes on when it is back")
        }
        return try await connection.call(OrchestratorAPI.status, JobStatus(jobID: jobID, guidance: false))
    }
}
