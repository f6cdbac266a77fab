// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// Unreadable rows of the job store in an intact database.
@Suite(.serialized, .timeLimit(.minutes(3))) struct DamagedStoreTests {
    /// Changes as a disk fault or another version might make them; `?` is the id of the job.
    private static let damage: [(name: String, sql: String)] = [
        ("view", "UPDATE job SET view = x'00ff' WHERE id = ?"),
        ("time", "UPDATE event SET at = 9223372036854775807 WHERE job = ?"),
        ("text for a time", "UPDATE event SET at = 'x' WHERE job = ?"),
        ("message", "UPDATE message SET body = x'00' WHERE job = ?"),
        (
            "message number",
            "UPDATE message SET seq = 9223372036854775807 WHERE seq = (SELECT MAX(seq) FROM message WHERE job = ?)"
        ),
        ("breaker", "UPDATE breaker SET body = x'7b' WHERE name <> ?"),
    ]

    /// Changes of jobs without a stored result, as an earlier version or a killed process left them, and a part of the error.
    private static let rows: [(name: String, sql: String, message: String)] = [
        ("specification", "UPDATE job SET spec = x'7b7d' WHERE id = ?", "its specification (table job): /jobID"),
        ("event", "UPDATE event SET body = x'00' WHERE job = ?", "event 0 (table event, n = 0)"),
        ("truncated event", "UPDATE event SET body = substr(body, 1, 12) WHERE job = ? AND n = 1", "event 1 (table"),
        (
            "unknown event", #"UPDATE event SET body = '{"v":2,"type":"sculpted"}' WHERE job = ? AND n = 1"#,
            "an event of the unknown type \"sculpted\""
        ),
        (
            "event of a newer version", #"UPDATE event SET body = '{"v":3,"type":"started"}' WHERE job = ? AND n = 0"#,
            "version 3 of the format, which is newer"
        ),
        (
            "event with a wrong type",
            #"UPDATE event SET body = '{"v":2,"type":"settled","message":[]}' WHERE job = ? AND n = 1"#,
            "/message: expected a string"
        ),
    ]

    /// Executes statements on the job store, each with the job's id as its parameter.
    private func change(_ stack: LiveStack, _ sql: String, _ job: String) async throws {
        let script = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            for statement in sys.argv[2].split("; "):
                store.execute(statement, (sys.argv[3],))
            store.commit()
            """
        let store = "\(stack.folder)/state/orchestrator/jobs.sqlite"
        let result = try await Program.run("/usr/bin/python3", ["-c", script, store, sql, job])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test
    func `an unreadable row affects its own job at most: the orchestrator starts, lists and runs the others`()
        async throws
    {
        let stack = try LiveStack.prepare(script: LiveStack.failing)
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        var damaged: [String] = []
        var intact = ""
        var sessions: [String] = []
        try await LiveStack.with(prepared: stack) { stack in
            for session in 0..<(Self.damage.count + 2 * Self.rows.count) { sessions.append("damaged\(session)") }
            for session in sessions + ["intact"] {
                let view = try await film(stack, session)
                if session == "intact" { intact = view.jobID } else { damaged.append(view.jobID) }
            }
        }
        for (damage, job) in zip(Self.damage, damaged) { try await change(stack, damage.sql, job) }
        let ended = Array(zip(Self.rows, damaged.dropFirst(Self.damage.count)))
        let killed = Array(zip(Self.rows, damaged.suffix(Self.rows.count)))
        for (row, job) in ended + killed {
            try await change(stack, "UPDATE job SET view = NULL WHERE id = ?; DELETE FROM result WHERE job = ?", job)
            try await change(stack, row.sql, job)
        }
        for (_, job) in killed { try await change(stack, "UPDATE job SET state = 'running' WHERE id = ?", job) }
        let before = try await contents(stack)
        try await LiveStack.with(prepared: stack) { stack in
            let orchestrator = try await stack.connect("orchestrator")
            let listed = try await orchestrator.call(OrchestratorAPI.list, ListJobs())
            let jobs = listed.jobs.map(\.jobID)
            #expect(jobs.contains(intact))
            // Without the view, a time, a message or a breaker, the job is shown from its other rows.
            for (damage, job) in zip(Self.damage, damaged) { #expect(jobs.contains(job), "\(damage.name)") }
            let snapshot = try await orchestrator.call("orchestrator.watch", params: ["after_seq": 0])
            #expect(snapshot["seq"] != nil)
            for (row, job) in ended + killed {
                let error = await #expect(throws: ServiceError.self) {
                    try await orchestrator.call(OrchestratorAPI.receipt, JobReference(jobID: job))
                }
                #expect(error?.message.contains("\(job) cannot be read in the job store") == true, "\(row.name)")
                let view = try await orchestrator.call(OrchestratorAPI.status, JobStatus(jobID: job))
                #expect(view.state == .error && view.error?.message.contains(row.message) == true, "\(row.name)")
                #expect(view.error?.message.contains("retry the job") == true, "\(row.name)")
                #expect(jobs.contains(job), "\(row.name)")
            }
            for (row, job) in killed {
                #expect(try await stack.waitForEnd(of: job).state == .error, "\(row.name)")
            }
            _ = try await film(stack, "new")
            let after = try await contents(stack)
            #expect(before.isSubset(of: after), "rows were changed")
        }
    }

    /// All events and specifications of the database.
    private func contents(_ stack: LiveStack) async throws -> Set<Substring> {
        let script = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            for row in store.execute("SELECT job, n, CAST(body AS BLOB) FROM event"): print(*row)
            for row in store.execute("SELECT id, CAST(spec AS BLOB) FROM job"): print(*row)
            """
        let result = try await Program.run(
            "/usr/bin/python3", ["-c", script, "\(stack.folder)/state/orchestrator/jobs.sqlite"])
        #expect(result.status == 0, "\(result.errors)")
        return Set(result.output.split(separator: "\n"))
    }

    /// Runs a short job, which must finish.
    private func film(_ stack: LiveStack, _ session: String) async throws -> JobView {
        try stack.writeStoryboard(durations: [0.2], session: session)
        let view = try await stack.runJob(["width": 64, "height": 64], session: session)
        #expect(view.state == .finished, "\(session): \(view.error?.message ?? "")")
        return view
    }
}
