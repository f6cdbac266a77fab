import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool

/// A stack of real services in a folder of its own, under `understudy up`.
final class LiveStack: Sendable {
    let folder: String
    let environment: [String: String]
    private let up: Program?

    private init(folder: String, environment: [String: String], up: Program?) {
        self.folder = folder
        self.environment = environment
        self.up = up
    }

    var run: RunDirectory { RunDirectory(path: "\(folder)/run") }
    /// The log of all services until now; empty for a stack that is not up.
    var log: String { up?.output ?? "" }
    var store: String { "\(folder)/store" }
    func place(_ path: String, user: String = "u", session: String = "s") -> String {
        "\(store)/scaffold_test/\(user)/\(session)/\(path)"
    }

    /// A folder and the variables that lead into it.
    static func prepare(script: String? = nil, _ extra: [String: String] = [:]) throws -> LiveStack {
        let folder = "/tmp/us-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var environment = [
            "UNDERSTUDY_RUN_DIR": "\(folder)/run", "UNDERSTUDY_STATE_DIR": "\(folder)/state",
            "UNDERSTUDY_STORE": "file://\(folder)/store", "UNDERSTUDY_DASHBOARD_LISTEN": "127.0.0.1:0",
        ]
        if let script {
            try script.write(toFile: "\(folder)/script.json", atomically: true, encoding: .utf8)
            environment["UNDERSTUDY_AGENT5_PROVIDER"] = "scripted"
            environment["UNDERSTUDY_AGENT5_SCRIPT"] = "\(folder)/script.json"
        }
        return LiveStack(folder: folder, environment: environment.merging(extra) { _, own in own }, up: nil)
    }

    /// Runs `body` on a stack that is up, and stops it.
    ///
    /// - Parameter tracing: system calls that strace writes to the file `trace` of the stack's folder.
    static func with(
        script: String? = LiveStack.failing, _ extra: [String: String] = [:], arguments: [String] = [],
        tracing: String? = nil, _ body: (LiveStack) async throws -> Void
    ) async throws {
        let prepared = try prepare(script: script, extra)
        defer { try? FileManager.default.removeItem(atPath: prepared.folder) }
        try await with(prepared: prepared, arguments: arguments, tracing: tracing, body)
    }

    /// The same in a folder that is there already, and stays.
    static func with(
        prepared: LiveStack, arguments: [String] = [], tracing: String? = nil,
        _ body: (LiveStack) async throws -> Void
    ) async throws {
        let command = SystemCalls.command(
            ["\(Program.folder)/understudy", "up"] + arguments, tracing: tracing, to: "\(prepared.folder)/trace")
        let up = try await Program(command[0], Array(command.dropFirst()), environment: prepared.environment)
        guard await up.says("ready in") else {
            let ended = await up.ended()
            throw ServiceError(.internal, "the stack did not start: \(ended.output) \(ended.errors)")
        }
        let stack = LiveStack(folder: prepared.folder, environment: prepared.environment, up: up)
        do {
            try await body(stack)
        } catch {
            up.signal(SIGTERM)
            _ = await up.ended()
            throw error
        }
        up.signal(SIGTERM)
        _ = await up.ended()
    }

    /// A lead that has no credit.
    static let failing = """
        {"calls": [{"steps": [{"progress": 0.2, "message": "rendering"},
          {"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}]}]}
        """

    func connect(_ service: String) async throws -> RPCConnection {
        let instance = run.instances(of: service).first ?? "none"
        return try await RPCConnection.connect(
            to: try run.socketPath(service: service, instance: instance), patience: .seconds(5))
    }

    func understudy(_ arguments: String..., input: String = "") async throws -> Program.Ended {
        try await Program.run("understudy", arguments, environment: environment, input: input)
    }

    /// Puts a storyboard into the store. -> its segments' ids.
    @discardableResult
    func writeStoryboard(durations: [Double], user: String = "u", session: String = "s") throws -> [String] {
        let ids = durations.indices.map { "seg_\($0 + 1)" }
        let segments = zip(ids, durations).map { id, duration in
            "{\"id\":\"\(id)\",\"duration\":\(duration),\"visual_guidance\":\"A hill, seen from \(id)\",\"narration\":\"n\"}"
        }
        try write(
            "{\"segments\":[\(segments.joined(separator: ","))]}",
            to: place("agent2/storyboard.json", user: user, session: session))
        return ids
    }

    func write(_ text: String, to path: String) throws {
        try FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Makes a tone as the narration of a segment.
    func narrate(_ id: String, seconds: Double) async throws {
        try FileManager.default.createDirectory(atPath: place("agent4"), withIntermediateDirectories: true)
        let made = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=500:d=\(seconds)", "-af", "volume=4",
                place("agent4/\(id).mp3"),
            ])
        if made.status != 0 { throw ServiceError(.internal, made.errors) }
    }

    /// Starts a job and waits for its end.
    func job(_ options: JSONValue = [:], session: String = "s") async throws -> JobView {
        let connection = try await connect("orchestrator")
        let started = try await connection.call(
            "orchestrator.start", params: ["user_id": "u", "session_id": .string(session), "options": options])
        return try await end(of: started["job_id"]?.string ?? "")
    }

    /// Waits for a job's end by watching it; an orchestrator that is restarted meanwhile is watched again.
    func end(of job: String) async throws -> JobView {
        while true {
            do {
                let connection = try await connect("orchestrator")
                let snapshot = try await connection.call(OrchestratorAPI.watch, WatchJobs(jobID: job))
                if let view = snapshot.jobs.first, view.state.isTerminal { return view }
                for await note in connection.notifications where note.method == OrchestratorAPI.event {
                    let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
                    if message.jobState.isTerminal {
                        return try await connection.call(OrchestratorAPI.status, JobStatus(jobID: job))
                    }
                }
            } catch let error as RPCConnection.Lost {
                _ = error
            }
        }
    }
}

/// What ffprobe and ffmpeg say of a film.
enum Judge {
    static func probe(_ file: String) async throws -> String {
        try await Program.run(
            "/usr/bin/ffprobe", ["-v", "error", "-show_entries", "stream:format=duration", "-of", "compact", file]
        ).output
    }

    static func complaints(_ file: String) async throws -> String {
        let ended = try await Program.run("/usr/bin/ffmpeg", ["-v", "error", "-i", file, "-f", "null", "-"])
        return ended.output + ended.errors
    }

    /// Seconds from a moment to the first loud sample at or after 50 ms before it.
    static func onset(_ file: String, at seconds: Double) async throws -> Double? {
        let raw = "\(file).\(UInt32.random(in: 0...UInt32.max)).f32"
        defer { try? FileManager.default.removeItem(atPath: raw) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-i", file, "-map", "0:a", "-ac", "1", "-ar", "48000", "-f", "f32le", raw])
        let sound = try Data(contentsOf: URL(filePath: raw)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let start = Int(seconds * 48_000)
        return sound[max(start - 2400, 0)...].firstIndex { abs($0) > 0.02 }.map { Double($0 - start) / 48_000 }
    }
}
