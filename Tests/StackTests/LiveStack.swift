// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport

/// The real services in a folder of their own, supervised by `understudy up`.
///
/// ```swift
/// try await LiveStack.with { stack in
///     try stack.writeStoryboard(durations: [1, 1])
///     #expect(try await stack.runJob().state == .finished)
/// }
/// ```
final class LiveStack: Sendable {
    /// The folder of everything that the stack writes.
    let folder: String
    /// The variables that lead a process of this project to the stack.
    let environment: [String: String]
    private let supervisor: Program?

    private init(folder: String, environment: [String: String], supervisor: Program?) {
        self.folder = folder
        self.environment = environment
        self.supervisor = supervisor
    }

    var runDirectory: RunDirectory { RunDirectory(path: "\(folder)/run") }

    /// The log of all services until now; empty for a stack that is not running.
    var log: String { supervisor?.output ?? "" }

    /// The folder of the artifact store.
    var store: String { "\(folder)/store" }

    /// The path of a file in the folder of a session.
    func artifactPath(_ path: String, user: String = "u", session: String = "s") -> String {
        "\(store)/scaffold_test/\(user)/\(session)/\(path)"
    }

    /// Creates the folder of a stack that is not running yet, with a home folder below it.
    ///
    /// - Parameters:
    ///   - script: The script of the lead; without one, `agent5` has its default provider.
    ///   - extra: Variables in addition to those that lead to the folder, or instead of them.
    static func prepare(script: String? = nil, _ extra: [String: String] = [:]) throws -> LiveStack {
        let folder = TemporaryPath.new()
        try FileManager.default.createDirectory(atPath: "\(folder)/home", withIntermediateDirectories: true)
        var environment = [
            "HOME": "\(folder)/home", "UNDERSTUDY_RUN_DIR": "\(folder)/run", "UNDERSTUDY_STATE_DIR": "\(folder)/state",
            "UNDERSTUDY_STORE": "file://\(folder)/store", "UNDERSTUDY_DASHBOARD_LISTEN": "127.0.0.1:0",
        ]
        if let script {
            try script.write(toFile: "\(folder)/script.json", atomically: true, encoding: .utf8)
            environment["UNDERSTUDY_AGENT5_PROVIDER"] = "scripted"
            environment["UNDERSTUDY_AGENT5_SCRIPT"] = "\(folder)/script.json"
        }
        return LiveStack(folder: folder, environment: environment.merging(extra) { _, own in own }, supervisor: nil)
    }

    /// Starts a stack in a new folder, runs `body`, stops the stack and removes the folder.
    ///
    /// - Parameters:
    ///   - script: The script of the lead.
    ///   - extra: As for `prepare`.
    ///   - arguments: Options of `understudy up`.
    ///   - tracing: The system calls that strace writes to the file `trace` of the folder.
    @discardableResult
    static func with<Result>(
        script: String? = LiveStack.failing, _ extra: [String: String] = [:], arguments: [String] = [],
        tracing: String? = nil, _ body: (LiveStack) async throws -> Result
    ) async throws -> Result {
        let prepared = try prepare(script: script, extra)
        defer { try? FileManager.default.removeItem(atPath: prepared.folder) }
        return try await with(prepared: prepared, arguments: arguments, tracing: tracing, body)
    }

    /// Starts a stack in an existing folder, runs `body`, and stops the stack. The folder stays.
    @discardableResult
    static func with<Result>(
        prepared: LiveStack, arguments: [String] = [], tracing: String? = nil,
        _ body: (LiveStack) async throws -> Result
    ) async throws -> Result {
        let command = SystemCalls.command(
            ["\(Program.folder)/understudy", "up"] + arguments, tracing: tracing, to: "\(prepared.folder)/trace")
        let up = try await Program(command[0], Array(command.dropFirst()), environment: prepared.environment)
        guard await up.waitForOutput("ready in") else {
            up.signal(SIGTERM)
            let exit = await up.waitUntilExit()
            throw ServiceError(.internal, "the stack did not start: \(exit.output) \(exit.errors)")
        }
        let stack = LiveStack(folder: prepared.folder, environment: prepared.environment, supervisor: up)
        let result: Result
        do {
            result = try await body(stack)
        } catch {
            up.signal(SIGTERM)
            _ = await up.waitUntilExit()
            throw error
        }
        up.signal(SIGTERM)
        _ = await up.waitUntilExit()
        return result
    }

    /// The script of a lead that has no credit.
    static let failing = """
        {"calls": [{"steps": [{"progress": 0.2, "message": "rendering"},
          {"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}]}]}
        """

    /// Connects to a replica of a service.
    ///
    /// - Throws: `RPCConnection.Lost` if none accepts the connection within five seconds.
    func connect(_ service: String) async throws -> RPCConnection {
        let instance = runDirectory.instances(of: service).first ?? "none"
        return try await RPCConnection.connect(
            to: try runDirectory.socketPath(service: service, instance: instance), timeout: .seconds(5))
    }

    /// Runs a command of `understudy` against the stack.
    func understudy(_ arguments: String..., input: String = "") async throws -> Program.Exit {
        try await Program.run("understudy", arguments, environment: environment, input: input)
    }

    /// Writes a storyboard into the store.
    ///
    /// - Parameter durations: Seconds, one for each segment.
    /// - Returns: The ids of the segments, `seg_1` and so on.
    @discardableResult
    func writeStoryboard(durations: [Double], user: String = "u", session: String = "s") throws -> [String] {
        let ids = durations.indices.map { "seg_\($0 + 1)" }
        let segments = zip(ids, durations).map { id, duration in
            "{\"id\":\"\(id)\",\"duration\":\(duration),\"visual_guidance\":\"A hill, seen from \(id)\",\"narration\":\"n\"}"
        }
        try write(
            "{\"segments\":[\(segments.joined(separator: ","))]}",
            to: artifactPath("agent2/storyboard.json", user: user, session: session))
        return ids
    }

    /// Writes a file, and creates the folders above it.
    func write(_ text: String, to path: String) throws {
        try FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Writes a tone as the narration of a segment.
    func writeNarration(_ id: String, seconds: Double) async throws {
        try FileManager.default.createDirectory(atPath: artifactPath("agent4"), withIntermediateDirectories: true)
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=500:d=\(seconds)", "-af", "volume=4",
                artifactPath("agent4/\(id).mp3"),
            ])
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    /// Starts a job and waits for its end. Its film has 320 × 180 pixels, unless the options say otherwise.
    func runJob(_ options: [String: JSONValue] = [:], session: String = "s") async throws -> JobView {
        let connection = try await connect("orchestrator")
        let options = ["width": 320, "height": 180].merging(options) { _, given in given }
        let started = try await connection.call(
            "orchestrator.start",
            params: ["user_id": "u", "session_id": .string(session), "options": .object(options)])
        return try await waitForEnd(of: started["job_id"]?.string ?? "")
    }

    /// Watches a job until its end. If the orchestrator is restarted meanwhile, the new one is watched.
    ///
    /// - Throws: `timeout` if the job has not ended after nine minutes.
    func waitForEnd(of job: String) async throws -> JobView {
        let end = ContinuousClock.now + .seconds(540)
        while ContinuousClock.now < end {
            do {
                let connection = try await connect("orchestrator")
                let timeout = Task {
                    try await Task.sleep(until: end, clock: .continuous)
                    await connection.close()
                }
                defer { timeout.cancel() }
                let snapshot = try await connection.call(OrchestratorAPI.watch, WatchJobs(jobID: job))
                if let view = snapshot.jobs.first, view.state.isTerminal { return view }
                for await note in connection.notifications where note.method == OrchestratorAPI.event {
                    let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
                    if message.jobState.isTerminal {
                        return try await connection.call(OrchestratorAPI.status, JobStatus(jobID: job))
                    }
                }
            } catch is RPCConnection.Lost {
                continue
            }
        }
        throw ServiceError(.timeout, "the job \(job) has not ended")
    }
}

extension JobOptions {
    /// A film of 320 × 180 pixels: its size does not matter to the test.
    static let small = {
        var options = JobOptions()
        (options.width, options.height) = (320, 180)
        return options
    }()
}
