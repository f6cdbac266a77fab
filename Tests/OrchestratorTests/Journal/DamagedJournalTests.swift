import Contracts
import Faults
import Foundation
import GRDB
import JSON
import Synchronization
import Testing

@testable import Orchestrator

/// Jobs of which a row cannot be read: each ends alone, and its rows stay.
@Suite(.timeLimit(.minutes(2))) struct DamagedJournalTests {
    /// What becomes of an unfinished job's row; `?` is the job.
    private static let damage: [(name: String, sql: String, words: String)] = [
        ("no JSON", "UPDATE event SET body = x'00' WHERE job = ? AND n = 1", "event 1 "),
        ("truncated", "UPDATE event SET body = substr(body, 1, 20) WHERE job = ? AND n = 1", "event 1 "),
        (
            "unknown event", #"UPDATE event SET body = '{"v":2,"type":"sculpted"}' WHERE job = ? AND n = 0"#,
            #"unknown type "sculpted""#
        ),
        (
            "unknown event of version 1", #"UPDATE event SET body = '{"sculpted":{"_0":1}}' WHERE job = ? AND n = 0"#,
            "(version 1 of the format)"
        ),
        (
            "newer version", #"UPDATE event SET body = '{"v":9,"type":"started"}' WHERE job = ? AND n = 0"#,
            "version 9 of the format"
        ),
        (
            "wrong type",
            #"UPDATE event SET body = '{"v":2,"type":"loaded","plan":{"segments":"many"}}' WHERE job = ? AND n = 1"#,
            "/plan/segments: expected an array"
        ),
        ("number for a body", "UPDATE event SET body = 7 WHERE job = ? AND n = 1", "event 1 "),
        ("specification", "UPDATE job SET spec = x'7b' WHERE id = ?", "its specification (table job)"),
        (
            "specification of a newer version", #"UPDATE job SET spec = '{"v":2,"userID":"u"}' WHERE id = ?"#,
            "version 2 of the format"
        ),
    ]

    /// A store with a job for each damage, that waits at its first clip, and a whole one.
    private func unfinished(_ path: String) async throws -> [String] {
        let orchestra = try Stage.orchestra(try JobStore(path: path), FakeStudio(hangsAtClip: true))
        var jobs: [String] = []
        for number in 0...Self.damage.count {
            let started = try await orchestra.start(
                StartJob(userID: "u", sessionID: "s\(number)"), options: JobOptions(), entry: .fallback)
            jobs.append(started.jobID)
            while try await orchestra.view(started.jobID).progress.done == 0 { await Task.yield() }
        }
        await orchestra.stop()
        return jobs
    }

    private func rows(_ store: JobStore) throws -> [GRDB.Row] {
        try store.database.read { try GRDB.Row.fetchAll($0, sql: "SELECT job, n, at, body FROM event ORDER BY job, n") }
    }

    @Test("an unfinished job that cannot be read ends with an error that names the row; the others run to their ends")
    func resume() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let jobs = try await unfinished(path)
            let damaged = Array(zip(Self.damage, jobs))
            let store = await Stage.reopen(path)
            try await store.database.write { db in
                for (damage, job) in damaged { try db.execute(sql: damage.sql, arguments: [job]) }
            }
            let before = try rows(store).filter { jobs.dropLast().contains($0["job"]) }
            let orchestra = try Stage.orchestra(store, FakeStudio())
            try await orchestra.resume()
            let whole = jobs[jobs.count - 1]
            #expect(try await Stage.messages(orchestra, whole).last?.jobState == .finished)
            for (damage, job) in damaged {
                let view = try await orchestra.status(JobStatus(jobID: job))
                let message = view.error?.message ?? ""
                #expect(view.state == .error && view.jobID == job, "\(damage.name)")
                #expect(message.contains("\(job) cannot be read in the job store"), "\(damage.name): \(message)")
                #expect(
                    message.contains(damage.words) && message.contains("retry the job"), "\(damage.name): \(message)")
                let last = try await Stage.messages(orchestra, job).last
                #expect(last?.jobState == .error && last?.error?.message == message)
                #expect(try await orchestra.cancel(job).state == .error)
                let receipt = await #expect(throws: DamagedJob.self) { try await orchestra.receipt(job) }
                #expect(receipt?.serviceError.message == message)
                await #expect(throws: DamagedJob.self) { try await orchestra.retry(RetryJob(jobID: job)) }
            }
            #expect(try rows(store).filter { jobs.dropLast().contains($0["job"]) } == before)
            let listed = try await orchestra.list(ListJobs(state: .error))
            #expect(Set(listed.jobs.map(\.jobID)) == Set(jobs.dropLast()))
            // Whose job it is can be read where the specification is JSON.
            let names = listed.jobs.filter { $0.userID == "u" }.count
            #expect(names == Self.damage.count - 1)
            // It stays at its end: nothing is claimed at the next start.
            #expect(try await store.claim(for: .unique(), at: .now, limit: 100).isEmpty)
            _ = try await Stage.run(orchestra, session: "new")
        }
    }

    @Test("a job that an orchestrator could not read goes on where it was once one can")
    func repaired() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let job = try await unfinished(path)[0]
            let store = await Stage.reopen(path)
            func change(_ sql: String) async throws {
                try await store.database.write { try $0.execute(sql: sql, arguments: [job]) }
            }
            try await change("UPDATE event SET body = CAST('x' || body AS BLOB) WHERE job = ? AND n = 1")
            try await Stage.orchestra(store, FakeStudio()).resume()
            #expect(try store.job(job)?.state == .error)
            try await change("UPDATE event SET body = CAST(substr(body, 2) AS BLOB) WHERE job = ? AND n = 1")
            let studio = FakeStudio()
            let orchestra = try Stage.orchestra(store, studio)
            _ = try await orchestra.retry(RetryJob(jobID: job))
            #expect(try await Stage.messages(orchestra, job).last?.jobState == .finished)
            #expect(try await orchestra.view(job).state == .finished)
            // The first still was there.
            #expect(studio.calls.withLock { $0.filter { $0 == "draw seg_1" } }.isEmpty)
        }
    }

    @Test("a finished job is shown from what was stored at its end, whatever became of its events")
    func finished() async throws {
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let orchestra = try Stage.orchestra(store, FakeStudio())
            let job = try await Stage.run(orchestra).receipt.jobID
            func shown() async throws -> [Data] {
                [
                    try JSONCoding.encode(try await orchestra.status(JobStatus(jobID: job))),
                    try JSONCoding.encode(try await orchestra.receipt(job)),
                    try JSONCoding.encode(try await orchestra.list(ListJobs())),
                    try JSONCoding.encode(try await orchestra.snapshot(jobID: job)),
                ]
            }
            let before = try await shown()
            try await store.database.write { db in
                try db.execute(sql: "UPDATE event SET body = x'00' WHERE n > 0")
            }
            #expect(try await shown() == before)
        }
    }

    @Test("a job that an earlier version finished is folded once, and then shown from what was stored")
    func olderResults() async throws {
        for damage in [
            "DELETE FROM result", "UPDATE job SET view = NULL", "UPDATE result SET receipt = x'00'",
            "UPDATE result SET guidance = 7", "DELETE FROM result; UPDATE job SET view = 12",
        ] {
            try await Stage.withFolder { folder in
                let store = try JobStore(path: "\(folder)/jobs.sqlite")
                let orchestra = try Stage.orchestra(store, FakeStudio())
                let run = try await Stage.run(orchestra)
                let job = run.receipt.jobID
                let before = try JSONCoding.encode(try await orchestra.status(JobStatus(jobID: job)))
                try await store.database.write { try $0.execute(sql: damage) }
                #expect(try JSONCoding.encode(try await orchestra.status(JobStatus(jobID: job))) == before, "\(damage)")
                try await store.database.write { try $0.execute(sql: "DELETE FROM event WHERE n > 0") }
                #expect(try JSONCoding.encode(try await orchestra.status(JobStatus(jobID: job))) == before, "\(damage)")
                let receipt = try JSONCoding.encode(try await orchestra.receipt(job))
                #expect(try receipt == JSONCoding.encode(run.receipt), "\(damage)")
            }
        }
    }

    @Test("a runner whose lease was taken stores nothing more and stops, and its callers hear why")
    func lostLease() async throws {
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let orchestra = try Stage.orchestra(store, FakeStudio(hangsAtClip: true))
            let job = try await orchestra.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback
            ).jobID
            while try await orchestra.view(job).progress.done < 2 { await Task.yield() }
            try await store.settle()
            // Another orchestrator, after this one was thought dead.
            let other = try #require(
                try await store.claim(for: .unique(), at: Timestamp.now.adding(seconds: 3600), limit: 1).first)
            let count = try #require(try await store.history(of: job)).events.count
            _ = try? await orchestra.cancel(job)
            #expect(try #require(try await store.history(of: job)).events.count == count)
            // What is shown is what the other one stores.
            let history = try #require(try await store.history(of: job))
            _ = try await store.append(
                JournalEntry(
                    spec: history.row.spec, fence: other.fence, number: count,
                    events: [.cancelled, .settled(warning: nil)], at: .now, state: .cancelled))
            #expect(try await orchestra.view(job).state == .cancelled)
        }
    }
}
