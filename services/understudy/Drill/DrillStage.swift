import Calls
import Contracts
import FoundationEssentials
import JSON
import JSONRPC

/// Where faults are played: a stack of its own with a scripted lead, small films, and cards for stills.
struct DrillStage: Sendable {
    /// Segments of each film, a second each.
    static let segments = 2

    /// -> pixels.
    static let (width, height) = (640, 360)

    /// Options of every job: small, quick, and drawn on this machine.
    static let options: [String: JSONValue] = [
        "width": .integer(Int64(width)), "height": .integer(Int64(height)), "image_provider": "card",
        "agent5_timeout_s": 10,
    ]

    private let stack: PrivateStack
    private let orchestrator: RPCConnection
    private let clipper: RPCConnection
    /// Of the films, the script and the store.
    private let folder: String

    /// Starts the stack, has the films made, and stops it after `body`.
    ///
    /// - Throws: what the services throw at their start; what `body` throws.
    static func with<T: Sendable>(_ body: (DrillStage) async throws -> T) async throws -> T {
        // None of the user's settings counts here: a rehearsal neither spends nor meets the services that run.
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("UNDERSTUDY_") }
        let folder = "/tmp/understudy-drill-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        environment["UNDERSTUDY_STORE"] = "file://\(folder)/store"
        environment["UNDERSTUDY_AGENT5_PROVIDER"] = "scripted"
        environment["UNDERSTUDY_AGENT5_SCRIPT"] = script(in: folder)
        environment["UNDERSTUDY_BREAKER_COOL_S"] = "1"
        environment["UNDERSTUDY_BREAKER_COOL_MAX_S"] = "4"
        return try await PrivateStack.with(environment) { stack in
            let stage = DrillStage(
                stack: stack, orchestrator: try await stack.connect(.orchestrator),
                clipper: try await stack.connect(.clipper), folder: folder)
            try await DrillFilms(folder: folder).make(stage.orchestrator, stage.clipper)
            let result = try await body(stage)
            await stage.orchestrator.close()
            await stage.clipper.close()
            return result
        }
    }

    private init(stack: PrivateStack, orchestrator: RPCConnection, clipper: RPCConnection, folder: String) {
        self.stack = stack
        self.orchestrator = orchestrator
        self.clipper = clipper
        self.folder = folder
    }

    static func storyboard(segments: Int) -> JSONValue {
        let list = (1...segments).map { number -> JSONValue in
            [
                "id": .string("seg_\(number)"), "duration": 1,
                "visual_guidance": .string("A rehearsal on an empty stage, scene \(number)"),
            ]
        }
        return ["segments": .array(list)]
    }

    // MARK: - The players

    /// Gives the lead its script.
    func direct(_ calls: [[JSONValue]]) throws {
        let script: JSONValue = ["calls": .array(calls.map { ["steps": .array($0)] })]
        try JSONCoding.encode(script).write(to: URL(filePath: Self.script(in: folder)), options: .atomic)
    }

    /// Ends a service as a crash would while `body` runs.
    func without<T: Sendable>(_ service: String, _ body: () async throws -> T) async throws -> T {
        await stack.stack.hold(service)
        let result: T
        do {
            result = try await body()
        } catch {
            try await stack.stack.release(service)
            throw error
        }
        try await stack.stack.release(service)
        return result
    }

    /// Has requests for pictures fail while `body` runs.
    func withBrokenImages<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        try await without("imagegen") { try await BrokenImages.with(in: stack.stack.runDirectory, body) }
    }

    // MARK: - The jobs

    /// Runs a job to its end. -> its receipt.
    func job(_ session: String, _ options: [String: JSONValue] = [:]) async throws -> Receipt {
        let options = Self.options.merging(options) { _, own in own }
        let started = try await orchestrator.call(
            OrchestratorAPI.start.unchecked,
            [
                "user_id": "drill", "session_id": .string(session), "options": .object(options),
                "pipeline_data": ["storyboard": Self.storyboard(segments: Self.segments)],
            ])
        let reference = JobReference(jobID: started.jobID)
        let watcher = try await stack.connect(.orchestrator)
        let snapshot = try await watcher.call(OrchestratorAPI.watch, WatchJobs(jobID: reference.jobID))
        if snapshot.jobs.first?.state.isTerminal != true {
            for await note in watcher.notifications where note.method == OrchestratorAPI.event {
                if try JSONCoding.decode(StatusMessage.self, from: note.params).jobState.isTerminal { break }
            }
        }
        await watcher.close()
        return try await orchestrator.call(OrchestratorAPI.receipt, reference)
    }

    /// Decodes a job's film. -> what is wrong with it; `nil` for a good one.
    func fault(ofFilm receipt: Receipt) async throws -> String? {
        guard let video = receipt.videoURL else { return "there is no film" }
        let probe = try await clipper.call(ClipperAPI.probe, ProbeMedia(media: video, decode: true))
        guard probe.decodedOK == true else { return probe.problems.first ?? "the film does not decode" }
        let seconds = Double(Self.segments)
        return abs(probe.duration - seconds) < 0.1 ? nil : "the film lasts \(probe.duration) s, not \(seconds) s"
    }

    /// The lead's breaker, after an action on it.
    func breaker(_ action: BreakerAction) async throws -> BreakerView {
        try await orchestrator.call(OrchestratorAPI.breaker, BreakerRequest(agent: Agent.lead.service, action: action))
    }

    private static func script(in folder: String) -> String { "\(folder)/script.json" }
}
