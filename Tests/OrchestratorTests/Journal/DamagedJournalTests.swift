// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import GRDB
import JSON
import Synchronization
import Testing

@testable import Orchestrator

/// Jobs with unreadable rows: only those jobs fail, and their rows are kept.
@Suite(.timeLimit(.minutes(2))) struct DamagedJournalTests {
    /// Kinds of damage to a row of an unfinished job; `?` is the job's id.
    private static let damage: [(name: String, sql: String, expected: String)] = [
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

    /// Creates a store with one job for each kind of damage, and an intact one. All of them wait for their first clip.
    private func unfinished(_ path: String) async throws -> [String] {
        let registry = try JobFixture.registry(try JobStore(path: path), FakeJobServices(hangsAtClip: true))
        var jobs: [String] = []
        for number in 0...Self.damage.count {
            let started = try await registry.start(
                StartJob(userID: "u", sessionID: "s\(number)"), options: JobOptions(), entry: .fallback)
            jobs.append(started.jobID)
            try await JobFixture.wait { try await registry.view(started.jobID).progress.done > 0 }
        }
        await registry.stop()
        return jobs
    }

    private func rows(_ store: JobStore) throws -> [GRDB.Row] {
        try store.database.read { try GRDB.Row.fetchAll($0, sql: "SELECT job, n, at, body FROM event ORDER BY job, n") }
    }

    @Test
    func `an unreadable unfinished job fails with an error that names the row; the others finish`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let jobs = try await unfinished(path)
            let damaged = Array(zip(Self.damage, jobs))
            let store = try await JobFixture.reopen(path)
            try await store.database.write { db in
                for (damage, job) in damaged { try db.execute(sql: damage.sql, arguments: [job]) }
            }
            let before = try rows(store).filter { jobs.dropLast().contains($0["job"]) }
            let registry = try JobFixture.registry(store, FakeJobServices())
            try await registry.resume()
            let intact = jobs[jobs.count - 1]
            #expect(try await JobFixture.messages(registry, intact).last?.jobState == .finished)
            for (damage, job) in damaged {
                let view = try await registry.status(JobStatus(jobID: job))
                let message = view.error?.message ?? ""
                #expect(view.state == .error && view.jobID == job, "\(damage.name)")
                #expect(message.contains("\(job) cannot be read in the job store"), "\(damage.name): \(message)")
                #expect(
                    message.contains(damage.expected) && message.contains("retry the job"), "\(damage.name): \(message)"
                )
                let last = try await JobFixture.messages(registry, job).last
                #expect(last?.jobState == .error && last?.error?.message == message)
                #expect(try await registry.cancel(job).state == .error)
                let receipt = await #expect(throws: DamagedJob.self) { try await registry.receipt(job) }
                #expect(receipt?.serviceError.message == message)
                await #expect(throws: DamagedJob.self) { try await registry.retry(RetryJob(jobID: job)) }
            }
            #expect(try rows(store).filter { jobs.dropLast().contains($0["job"]) } == before)
            let listed = try await registry.list(ListJobs(state: .error))
            #expect(Set(listed.jobs.map(\.jobID)) == Set(jobs.dropLast()))
            // The user's id is known if the specification is JSON.
            let knownUsers = listed.jobs.filter { $0.userID == "u" }.count
            #expect(knownUsers == Self.damage.count - 1)
            // The jobs have ended: the next start claims nothing.
            #expect(try await store.claim(for: .unique(), at: .now, limit: 100).isEmpty)
            _ = try await JobFixture.run(registry, session: "new")
        }
    }

    @Test
    func `a job that became readable again resumes with a retry`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let job = try await unfinished(path)[0]
            let store = try await JobFixture.reopen(path)
            func change(_ sql: String) async throws {
                try await store.database.write { try $0.execute(sql: sql, arguments: [job]) }
            }
            try await change("UPDATE event SET body = CAST('x' || body AS BLOB) WHERE job = ? AND n = 1")
            try await JobFixture.registry(store, FakeJobServices()).resume()
            #expect(try store.job(job)?.state == .error)
            try await change("UPDATE event SET body = CAST(substr(body, 2) AS BLOB) WHERE job = ? AND n = 1")
            let services = FakeJobServices()
            let registry = try JobFixture.registry(store, services)
            _ = try await registry.retry(RetryJob(jobID: job))
            #expect(try await JobFixture.messages(registry, job).last?.jobState == .finished)
            #expect(try await registry.view(job).state == .finished)
            // The first still is not drawn again.
            #expect(services.calls.withLock { $0.filter { $0 == "draw seg_1" } }.isEmpty)
        }
    }

    @Test
    func `a finished job is shown from its stored result even if its events are damaged`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let registry = try JobFixture.registry(store, FakeJobServices())
            let job = try await JobFixture.run(registry).receipt.jobID
            func shown() async throws -> [Data] {
                [
                    try JSONCoding.encode(try await registry.status(JobStatus(jobID: job))),
                    try JSONCoding.encode(try await registry.receipt(job)),
                    try JSONCoding.encode(try await registry.list(ListJobs())),
                    try JSONCoding.encode(try await registry.snapshot(jobID: job)),
                ]
            }
            let before = try await shown()
            try await store.database.write { db in
                try db.execute(sql: "UPDATE event SET body = x'00' WHERE n > 0")
            }
            #expect(try await shown() == before)
        }
    }

    @Test
    func `a job without a stored result is replayed once and then shown from the stored result`() async throws {
        for damage in [
            "DELETE FROM result", "UPDATE job SET view = NULL", "UPDATE result SET receipt = x'00'",
            "UPDATE result SET guidance = 7", "DELETE FROM result; UPDATE job SET view = 12",
        ] {
            try await JobFixture.withFolder { folder in
                let store = try JobStore(path: "\(folder)/jobs.sqlite")
                let registry = try JobFixture.registry(store, FakeJobServices())
                let run = try await JobFixture.run(registry)
                let job = run.receipt.jobID
                let before = try JSONCoding.encode(try await registry.status(JobStatus(jobID: job)))
                try await store.database.write { try $0.execute(sql: damage) }
                #expect(try JSONCoding.encode(try await registry.status(JobStatus(jobID: job))) == before, "\(damage)")
                try await store.database.write { try $0.execute(sql: "DELETE FROM event WHERE n > 0") }
                #expect(try JSONCoding.encode(try await registry.status(JobStatus(jobID: job))) == before, "\(damage)")
                let receipt = try JSONCoding.encode(try await registry.receipt(job))
                #expect(try receipt == JSONCoding.encode(run.receipt), "\(damage)")
            }
        }
    }

    @Test
    func `a runner that lost its lease stores nothing more and stops`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let registry = try JobFixture.registry(store, FakeJobServices(hangsAtClip: true))
            let job = try await registry.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback
            ).jobID
            try await JobFixture.wait { try await registry.view(job).progress.done >= 2 }
            try await store.flush()
            // Another orchestrator claims the job after the lease expired.
            let other = try #require(
                try await store.claim(for: .unique(), at: Timestamp.now.adding(seconds: 3600), limit: 1).first)
            let count = try #require(try await store.history(of: job)).events.count
            _ = try? await registry.cancel(job)
            #expect(try #require(try await store.history(of: job)).events.count == count)
            // The view shows what the other orchestrator stores.
            let history = try #require(try await store.history(of: job))
            _ = try await store.append(
                JournalEntry(
                    spec: history.row.spec, fence: other.fence, number: count,
                    events: [.cancelled, .settled(warning: nil)], at: .now, state: .cancelled))
            #expect(try await registry.view(job).state == .cancelled)
        }
    }
}
