import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// Rows of the job store that cannot be read, while the database itself is whole.
@Suite(.serialized, .timeLimit(.minutes(3))) struct DamagedStoreTests {
    /// Changes the store as a fault of the disk, or another version, might; `?` is the damaged job.
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
        ("specification", "UPDATE job SET spec = x'7b7d', view = NULL WHERE id = ?"),
        (
            "event",
            "UPDATE job SET state = 'running', view = NULL WHERE id = ?1; UPDATE event SET body = x'00' WHERE job = ?1"
        ),
    ]

    private func change(_ stack: LiveStack, _ sql: String, _ job: String) async throws {
        let script = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            for statement in sys.argv[2].split("; "):
                store.execute(statement, (sys.argv[3],))
            store.commit()
            """
        let store = "\(stack.folder)/state/orchestrator/jobs.sqlite"
        let ended = try await Program.run("/usr/bin/python3", ["-c", script, store, sql, job])
        #expect(ended.status == 0, "\(ended.errors)")
    }

    @Test("a row that cannot be read costs its own job at most: the orchestrator starts, lists and runs the others")
    func rows() async throws {
        let stack = try LiveStack.prepare(script: LiveStack.failing)
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        var damaged: [String] = []
        var whole = ""
        try await LiveStack.with(prepared: stack) { stack in
            for session in Self.damage.indices.map({ "damaged\($0)" }) + ["whole"] {
                let view = try await film(stack, session)
                if session == "whole" { whole = view.jobID } else { damaged.append(view.jobID) }
            }
        }
        for (damage, job) in zip(Self.damage, damaged) { try await change(stack, damage.sql, job) }
        try await LiveStack.with(prepared: stack) { stack in
            let orchestrator = try await stack.connect("orchestrator")
            let listed = try await orchestrator.call(OrchestratorAPI.list, ListJobs())
            let jobs = listed.jobs.map(\.jobID)
            #expect(jobs.contains(whole))
            // What only the view, a time, a message or a breaker has lost is shown from the rest.
            for (damage, job) in zip(Self.damage, damaged).prefix(6) { #expect(jobs.contains(job), "\(damage.name)") }
            let snapshot = try await orchestrator.call("orchestrator.watch", params: ["after_seq": 0])
            #expect(snapshot["seq"] != nil)
            for (damage, job) in zip(Self.damage, damaged).suffix(2) {
                let error = await #expect(throws: ServiceError.self) {
                    try await orchestrator.call(OrchestratorAPI.receipt, JobReference(jobID: job))
                }
                #expect(error?.message.contains("\(job) cannot be read in the job store") == true, "\(damage.name)")
            }
            _ = try await film(stack, "new")
        }
    }

    private func film(_ stack: LiveStack, _ session: String) async throws -> JobView {
        try stack.writeStoryboard(durations: [0.2], session: session)
        let view = try await stack.job(["width": 64, "height": 64], session: session)
        #expect(view.state == .finished, "\(session): \(view.error?.message ?? "")")
        return view
    }
}
