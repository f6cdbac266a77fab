// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import TestSupport

/// One job of a `TappedStack`, and everything of it that is compared with a golden file.
final class GoldenJob {
    let stack: LiveStack
    private let tapped: TappedStack
    private let options: JSONValue
    /// Whether its messages have one possible order, which they do not if segments are processed concurrently.
    private let isOrdered: Bool
    private let connection: RPCConnection
    private let watcher: RPCConnection
    private var notes: AsyncStream<RPCNotification>.Iterator
    private(set) var id = ""
    /// The ids of all jobs, in the order of their calls.
    private var ids: [String] = []
    /// The calls of the test, with the replies.
    private var testCalls: [JSONValue] = []
    private var messages: [JSONValue] = []
    /// The number of runs that have ended.
    private var endedRuns = 0

    init(_ tapped: TappedStack, options: JSONValue, isOrdered: Bool) async throws {
        self.tapped = tapped
        stack = tapped.stack
        self.options = options
        self.isOrdered = isOrdered
        connection = try await stack.connect("orchestrator")
        watcher = try await stack.connect("orchestrator")
        notes = watcher.notifications.makeAsyncIterator()
    }

    /// Starts the job and waits for its end.
    ///
    /// - Parameter extra: Options in addition to the common ones.
    /// - Returns: The job's id.
    @discardableResult
    func run(_ extra: [String: JSONValue] = [:]) async throws -> String {
        try await start(extra)
        try await waitForEnd()
        return id
    }

    /// Watches all jobs, and starts the job.
    func start(_ extra: [String: JSONValue] = [:]) async throws {
        _ = try await watcher.call("orchestrator.watch", params: ["after_seq": 0])
        let options = (self.options.object ?? [:]).merging(extra) { $1 }
        let started = try await call(
            "orchestrator.start",
            ["user_id": "u", "session_id": "s", "supersession_id": "x", "options": .object(options)])
        id = started["job_id"]?.string ?? ""
    }

    /// Calls a method of the orchestrator, and records the call.
    ///
    /// - Returns: The result; `null` if the call fails.
    @discardableResult
    func call(_ method: String, _ params: JSONValue) async throws -> JSONValue {
        do {
            let result = try await connection.call(method, params: params)
            if let id = result["job_id"]?.string { ids.append(id) }
            // This method replies at the end of its job.
            if method == "agent6.process" { endedRuns += 1 }
            testCalls.append(["method": .string(method), "params": params, "result": result])
            return result
        } catch let error as ServiceError {
            testCalls.append([
                "method": .string(method), "params": params, "error": try JSONCoding.convert(error, to: JSONValue.self),
            ])
            return .null
        }
    }

    /// Waits for a message that matches.
    ///
    /// - Throws: `internal` if the watch ends first.
    func waitForMessage(where isMatch: (JSONValue) -> Bool) async throws {
        while let note = await notes.next() {
            guard note.method == OrchestratorAPI.event else { continue }
            let message = try JSONCoding.decode(JSONValue.self, from: note.params)
            messages.append(message)
            if isMatch(message) { return }
        }
        throw ServiceError(.internal, "the watch ended early")
    }

    /// A message without the members that depend on the order of concurrent work.
    private static func withoutTotals(_ message: JSONValue) -> JSONValue {
        guard var members = message.object, members["jobState"] == "running" else { return message }
        for name in ["progress", "cost", "costs"] where members[name] != nil { members[name] = "<total>" }
        return .object(members)
    }

    /// Waits until the run of the job has ended.
    ///
    /// - Throws: `internal` if the last call failed, so that it started no run.
    func waitForEnd() async throws {
        if let error = testCalls.last?["error"] { throw ServiceError(.internal, "no run was started: \(error)") }
        try await waitForMessage { ["finished", "error", "cancelled"].contains($0["jobState"]?.string) }
        endedRuns += 1
    }

    /// Waits until the last event of each run, which is sent after the run has ended, is logged.
    private func waitForLog() async throws {
        try await until("the costs of \(endedRuns) runs are logged") {
            let calls = (try? tapped.calls()) ?? []
            return calls.count { $0["params"]?["event_type"] == "cost_breakdown" && $0["result"] != nil } >= endedRuns
        }
    }

    /// Makes a film for the lead to deliver.
    func makeFilm(_ name: String, seconds: Int) async throws {
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "\(seconds)", "-pix_fmt",
                "yuv420p", "\(stack.folder)/\(name)",
            ])
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    /// Compares everything with a golden file.
    ///
    /// - Parameter name: The file's name without `.json`.
    func compare(with name: String) async throws {
        for (method, params) in [
            ("orchestrator.status", ["job_id": .string(id)]), ("orchestrator.list", [:]),
            ("orchestrator.receipt", ["job_id": .string(id)]),
        ] as [(String, JSONValue)] {
            try await call(method, params)
        }
        try await waitForLog()
        let logger = try await stack.connect("logger")
        _ = try await logger.call("logger.flush", params: [:])
        var text = GoldenText(folder: stack.folder, isOrdered: isOrdered)
        for id in ids where text.names[id] == nil {
            text.names[id] = text.names.isEmpty ? "<job>" : "<job \(text.names.count + 1)>"
        }
        let sorted = { [text] (values: [JSONValue]) in
            JSONValue.array(values.map { text.normalized($0) }.sorted { $0.canonical < $1.canonical })
        }
        try text.check(
            [
                "asked": .array(testCalls),
                "messages": isOrdered ? .array(messages) : sorted(messages.map(Self.withoutTotals)),
                "calls": sorted(try tapped.calls()),
                "events": sorted(try tapped.events()), "receipt": try tapped.document("agent5/receipt.json"),
                "report": try tapped.document("agent5/report.json"),
            ], name)
    }
}
