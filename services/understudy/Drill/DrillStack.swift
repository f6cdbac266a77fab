// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import FoundationEssentials
import JSON
import JSONRPC

/// The temporary stack of a drill, with a scripted lead, small films, and cards as stills.
struct DrillStack: Sendable {
    /// The number of segments of each film; each lasts one second.
    static let segments = 2

    /// The size of each film in pixels.
    static let (width, height) = (640, 360)

    /// The options of every job: a small film, and stills that are drawn on this machine.
    static let options: [String: JSONValue] = [
        "width": .integer(Int64(width)), "height": .integer(Int64(height)), "image_provider": "card",
        "agent5_timeout_s": 10,
    ]

    private let temporary: TemporaryStack
    private let orchestrator: RPCConnection
    private let clipper: RPCConnection
    /// The folder of the films, the script and the store.
    private let folder: String

    /// Starts a stack, makes the films of the lead, runs `body`, and stops the stack.
    ///
    /// - Returns: what `body` returns.
    /// - Throws: `timeout` if a service does not start; what the services and `body` throw.
    static func with<T: Sendable>(_ body: (DrillStack) async throws -> T) async throws -> T {
        // The user's settings are dropped: a drill neither spends money nor affects running services.
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("UNDERSTUDY_") }
        let folder = "/tmp/understudy-drill-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        environment["UNDERSTUDY_STORE"] = "file://\(folder)/store"
        environment["UNDERSTUDY_AGENT5_PROVIDER"] = "scripted"
        environment["UNDERSTUDY_AGENT5_SCRIPT"] = script(in: folder)
        environment["UNDERSTUDY_BREAKER_COOL_S"] = "1"
        environment["UNDERSTUDY_BREAKER_COOL_MAX_S"] = "4"
        return try await TemporaryStack.with(environment) { temporary in
            let stack = DrillStack(
                temporary, orchestrator: try await temporary.connect(.orchestrator),
                clipper: try await temporary.connect(.clipper), folder: folder)
            try await DrillFilms(folder: folder).make(stack.orchestrator, stack.clipper)
            let result = try await body(stack)
            await stack.orchestrator.close()
            await stack.clipper.close()
            return result
        }
    }

    private init(
        _ temporary: TemporaryStack, orchestrator: RPCConnection, clipper: RPCConnection, folder: String
    ) {
        self.temporary = temporary
        self.orchestrator = orchestrator
        self.clipper = clipper
        self.folder = folder
    }

    /// A storyboard of segments that last one second.
    static func storyboard(segments: Int) -> JSONValue {
        let list = (1...segments).map { number -> JSONValue in
            [
                "id": .string("seg_\(number)"), "duration": 1,
                "visual_guidance": .string("A lighthouse at dusk, number \(number)"),
            ]
        }
        return ["segments": .array(list)]
    }

    // MARK: - Faults

    /// Sets the scripts of the lead's next calls; the last one repeats.
    func setScript(_ calls: [[JSONValue]]) throws {
        let script: JSONValue = ["calls": .array(calls.map { ["steps": .array($0)] })]
        try JSONCoding.encode(script).write(to: URL(filePath: Self.script(in: folder)), options: .atomic)
    }

    /// Runs `body` while a service is down, as after a crash.
    func without<T: Sendable>(_ service: String, _ body: () async throws -> T) async throws -> T {
        await temporary.stack.takeDown(service)
        let result: T
        do {
            result = try await body()
        } catch {
            try await temporary.stack.bringUp(service)
            throw error
        }
        try await temporary.stack.bringUp(service)
        return result
    }

    /// Runs `body` while all requests for stills fail.
    func withFailingImages<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        try await without("imagegen") { try await FailingImageProvider.with(in: temporary.stack.runDirectory, body) }
    }

    // MARK: - Jobs

    /// Runs a job to its end.
    ///
    /// - Parameter options: options besides those of every job.
    /// - Returns: the receipt.
    func job(_ session: String, _ options: [String: JSONValue] = [:]) async throws -> Receipt {
        let options = Self.options.merging(options) { _, own in own }
        let started = try await orchestrator.call(
            OrchestratorAPI.start.unchecked,
            [
                "user_id": "drill", "session_id": .string(session), "options": .object(options),
                "pipeline_data": ["storyboard": Self.storyboard(segments: Self.segments)],
            ])
        let reference = JobReference(jobID: started.jobID)
        let watcher = try await temporary.connect(.orchestrator)
        let snapshot = try await watcher.call(OrchestratorAPI.watch, WatchJobs(jobID: reference.jobID))
        if snapshot.jobs.first?.state.isTerminal != true {
            for await note in watcher.notifications where note.method == OrchestratorAPI.event {
                if try JSONCoding.decode(StatusMessage.self, from: note.params).jobState.isTerminal { break }
            }
        }
        await watcher.close()
        return try await orchestrator.call(OrchestratorAPI.receipt, reference)
    }

    /// Decodes the film of a job.
    ///
    /// - Returns: what is wrong with the film; `nil` for a good film.
    func fault(ofFilm receipt: Receipt) async throws -> String? {
        guard let video = receipt.videoURL else { return "there is no film" }
        let probe = try await clipper.call(ClipperAPI.probe, ProbeMedia(media: video, decode: true))
        guard probe.decodedOK == true else { return probe.problems.first ?? "the film does not decode" }
        let seconds = Double(Self.segments)
        return abs(probe.duration - seconds) < 0.1 ? nil : "the film lasts \(probe.duration) s, not \(seconds) s"
    }

    /// Performs an action on the lead's breaker.
    ///
    /// - Returns: the breaker after the action.
    func breaker(_ action: BreakerAction) async throws -> BreakerView {
        try await orchestrator.call(OrchestratorAPI.breaker, BreakerRequest(agent: Agent.lead.service, action: action))
    }

    private static func script(in folder: String) -> String { "\(folder)/script.json" }
}
