import Contracts
import Faults
import Foundation
import JSON
import JSONRPC

/// One job of a `TappedStack`, and all that is compared of it.
final class GoldenScene {
    let stack: LiveStack
    private let tapped: TappedStack
    private let options: JSONValue
    /// Whether its messages have one possible order: segments are worked on concurrently.
    private let isOrdered: Bool
    private let connection: RPCConnection
    private let watcher: RPCConnection
    private var notes: AsyncStream<RPCNotification>.Iterator
    private(set) var job = ""
    /// Every job of the scene, in order.
    private var jobs: [String] = []
    /// What the test itself asked the orchestrator, and what it answered.
    private var asked: [JSONValue] = []
    private var messages: [JSONValue] = []
    /// Runs of jobs that have ended.
    private var ended = 0

    init(_ tapped: TappedStack, options: JSONValue, isOrdered: Bool) async throws {
        self.tapped = tapped
        stack = tapped.stack
        self.options = options
        self.isOrdered = isOrdered
        connection = try await stack.connect("orchestrator")
        watcher = try await stack.connect("orchestrator")
        notes = watcher.notifications.makeAsyncIterator()
    }

    /// Starts the job and waits for its end. -> its id.
    @discardableResult
    func run(_ extra: [String: JSONValue] = [:]) async throws -> String {
        try await begin(extra)
        try await end()
        return job
    }

    func begin(_ extra: [String: JSONValue] = [:]) async throws {
        _ = try await watcher.call("orchestrator.watch", params: ["after_seq": 0])
        let options = (self.options.object ?? [:]).merging(extra) { $1 }
        let started = try await ask(
            "orchestrator.start",
            ["user_id": "u", "session_id": "s", "supersession_id": "x", "options": .object(options)])
        job = started["job_id"]?.string ?? ""
    }

    /// Calls a method of the orchestrator.
    @discardableResult
    func ask(_ method: String, _ params: JSONValue) async throws -> JSONValue {
        do {
            let result = try await connection.call(method, params: params)
            if let id = result["job_id"]?.string { jobs.append(id) }
            // It answers at the end of its job.
            if method == "agent6.process" { ended += 1 }
            asked.append(["method": .string(method), "params": params, "result": result])
            return result
        } catch let error as ServiceError {
            asked.append([
                "method": .string(method), "params": params, "error": try JSONCoding.convert(error, to: JSONValue.self),
            ])
            return .null
        }
    }

    /// Waits for a message.
    func message(_ isWanted: (JSONValue) -> Bool) async throws {
        while let note = await notes.next() {
            guard note.method == OrchestratorAPI.event else { continue }
            let message = try JSONCoding.decode(JSONValue.self, from: note.params)
            messages.append(message)
            if isWanted(message) { return }
        }
        throw ServiceError(.internal, "the watch ended early")
    }

    /// A message without what depends on the order of concurrent work.
    private static func withoutTotals(_ message: JSONValue) -> JSONValue {
        guard var members = message.object, members["jobState"] == "running" else { return message }
        for name in ["progress", "cost", "costs"] where members[name] != nil { members[name] = "<total>" }
        return .object(members)
    }

    /// Waits until the job is at an end.
    func end() async throws {
        try await message { ["finished", "error", "cancelled"].contains($0["jobState"]?.string) }
        ended += 1
    }

    /// Waits until the log service has what is logged of each run last, which is sent when the run has ended.
    private func logged() async throws {
        let isLogged = await Program.comes {
            let calls = (try? tapped.calls()) ?? []
            return calls.count { $0["params"]?["event_type"] == "cost_breakdown" && $0["result"] != nil } >= ended
        }
        if !isLogged { throw ServiceError(.internal, "the end of a job was not logged") }
    }

    /// A picture that moves, for the lead to deliver.
    func film(_ name: String, seconds: Int) async throws {
        let made = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "\(seconds)", "-pix_fmt",
                "yuv420p", "\(stack.folder)/\(name)",
            ])
        if made.status != 0 { throw ServiceError(.internal, made.errors) }
    }

    /// Compares everything with the golden file of a name.
    func check(_ name: String) async throws {
        for (method, params) in [
            ("orchestrator.status", ["job_id": .string(job)]), ("orchestrator.list", [:]),
            ("orchestrator.receipt", ["job_id": .string(job)]),
        ] as [(String, JSONValue)] {
            try await ask(method, params)
        }
        try await logged()
        let logger = try await stack.connect("logger")
        _ = try await logger.call("logger.flush", params: [:])
        var text = GoldenText(folder: stack.folder, isOrdered: isOrdered)
        for id in jobs where text.names[id] == nil {
            text.names[id] = text.names.isEmpty ? "<job>" : "<job \(text.names.count + 1)>"
        }
        let sorted = { [text] (values: [JSONValue]) in
            JSONValue.array(values.map { text.normalised($0) }.sorted { $0.canonical < $1.canonical })
        }
        try text.check(
            [
                "asked": .array(asked),
                "messages": isOrdered ? .array(messages) : sorted(messages.map(Self.withoutTotals)),
                "calls": sorted(try tapped.calls()),
                "events": sorted(try tapped.events()), "receipt": try tapped.document("agent5/receipt.json"),
                "report": try tapped.document("agent5/report.json"),
            ], name)
    }
}
