// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import GRDB
import Testing

@testable import Orchestrator

/// Durability of the job store, and removal of old jobs.
@Suite(.timeLimit(.minutes(2))) struct RetentionTests {
    private func rows(_ store: JobStore, _ table: String) throws -> Int {
        try store.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(table)") ?? -1 }
    }

    private func ids(_ registry: JobRegistry) async throws -> [String] {
        try await registry.list(ListJobs(limit: 1000)).jobs.map(\.sessionID)
    }

    @Test
    func `every writing connection flushes each commit, in a new and in an existing store`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            for _ in 0..<2 {
                let store = try await JobFixture.reopen(path)
                let level = try await store.database.writeWithoutTransaction { db in
                    try Int.fetchOne(db, sql: "PRAGMA synchronous")
                }
                #expect(level == 2)
            }
        }
    }

    @Test
    func `a copy of the files taken when a message is visible contains the message and its events`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let registry = try JobFixture.registry(try JobStore(path: path), FakeJobServices())
            let started = try await registry.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .lead)
            var seen = 0
            for await _ in registry.changeNotifier.signals(jobID: started.jobID) {
                let messages = try await registry.messages(after: seen, jobID: started.jobID)
                guard let last = messages.last else { continue }
                seen = last.seq
                let copy = "\(folder)/copy-\(seen).sqlite"
                for ending in ["", "-wal"] where FileManager.default.fileExists(atPath: path + ending) {
                    try FileManager.default.copyItem(atPath: path + ending, toPath: copy + ending)
                }
                let store = try JobStore(path: copy)
                #expect(try store.messages(after: seen - 1, jobID: nil, limit: 1).first?.seq == seen)
                #expect(try await store.history(of: started.jobID)?.events.isEmpty == false)
                if last.jobState.isTerminal { break }
            }
        }
    }

    @Test
    func `pruning by count removes the oldest ended jobs and keeps running jobs and sequence numbers`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let store = try JobStore(path: path)
            let registry = try JobFixture.registry(store, FakeJobServices(hangsAtClip: true))
            let hanging = try await registry.start(
                StartJob(userID: "u", sessionID: "hangs"), options: JobOptions(), entry: .lead)
            let others = try JobFixture.registry(store, FakeJobServices())
            for number in 0..<5 { _ = try await JobFixture.run(others, session: "s\(number)") }
            let last = try store.lastSeq()
            #expect(try await Retention(days: nil, count: 2).prune(others) == 3)
            #expect(try await ids(others) == ["s4", "s3", "hangs"])
            #expect(try store.job(hanging.jobID) != nil)
            #expect(try rows(store, "pruned") == 0)
            let kept = try await store.database.read { db in
                try String.fetchSet(db, sql: "SELECT job FROM event UNION SELECT job FROM message")
            }
            #expect(kept.count == 3)
            // The sequence numbers continue after the last job is pruned.
            #expect(try await Retention(days: nil, count: nil).prune(others) == 0)
            _ = try await registry.cancel(hanging.jobID)
            _ = try await JobFixture.messages(registry, hanging.jobID)
            #expect(try store.lastSeq() > last)
        }
    }

    @Test
    func `sequence numbers continue after all messages are pruned and the store is reopened`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            var last = 0
            do {
                let store = try JobStore(path: path)
                let registry = try JobFixture.registry(store, FakeJobServices())
                let run = try await JobFixture.run(registry)
                last = run.messages.last?.seq ?? 0
                let old = Retention(days: 1, count: nil)
                #expect(try await old.prune(registry) == 0)
                let later = Timestamp(milliseconds: Timestamp.now.milliseconds + 2 * 86_400_000)
                #expect(try await old.prune(registry, at: later) == 1)
                for table in ["message", "event", "job", "result", "lease"] {
                    #expect(try rows(store, table) == 0, "\(table)")
                }
                #expect(try store.lastSeq() == last)
                await registry.stop()
            }
            let registry = try JobFixture.registry(try await JobFixture.reopen(path), FakeJobServices())
            let run = try await JobFixture.run(registry)
            #expect(last > 0 && run.messages.allSatisfy { $0.seq > last })
        }
    }

    @Test
    func `the key of a pruned job starts a new job, and interrupted pruning continues`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let request = StartJob(userID: "u", sessionID: "s", idempotencyKey: "k")
            do {
                let store = try JobStore(path: path)
                let registry = try JobFixture.registry(store, FakeJobServices())
                let first = try await registry.start(request, options: JobOptions(), entry: .lead)
                _ = try await JobFixture.messages(registry, first.jobID)
                try await store.flush()
                #expect(try await registry.prune(endedBefore: nil, keeping: 0, limit: 10) == 1)
                #expect(try rows(store, "event") > 0)
                await #expect(throws: ServiceError.self) { try await registry.view(first.jobID) }
                await registry.stop()
            }
            let store = try await JobFixture.reopen(path)
            let registry = try JobFixture.registry(store, FakeJobServices())
            #expect(try await Retention(days: nil, count: 0).prune(registry) == 0)
            #expect(try rows(store, "event") == 0 && rows(store, "message") == 0)
            let again = try await registry.start(request, options: JobOptions(), entry: .lead)
            #expect(!again.isExisting)
            _ = try await JobFixture.messages(registry, again.jobID)
        }
    }

    @Test
    func `a pruned job is invisible at every step of the sweep, and each step is short`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let store = try JobStore(path: path)
            let registry = try JobFixture.registry(store, FakeJobServices(segments: 300))
            let jobs = [
                try await JobFixture.run(registry, session: "a").receipt.jobID,
                try await JobFixture.run(registry, session: "b").receipt.jobID,
            ]
            #expect(try await store.prune([jobs[0]]) == 1)
            var left = try rows(store, "event") + rows(store, "message")
            var steps = 0
            while try await store.sweep() {
                let now = try rows(store, "event") + rows(store, "message")
                #expect(left - now <= 400, "\(left - now) rows in one transaction")
                left = now
                steps += 1
                #expect(try store.messages(after: 0, jobID: nil, limit: 10_000).allSatisfy { $0.jobId == jobs[1] })
                #expect(try await registry.list(ListJobs()).jobs.map(\.jobID) == [jobs[1]])
                // The state after a crash at this point.
                guard steps == 2 else { continue }
                for ending in ["", "-wal"] {
                    try FileManager.default.copyItem(atPath: path + ending, toPath: "\(folder)/copy.sqlite\(ending)")
                }
                let copy = try JobStore(path: "\(folder)/copy.sqlite")
                #expect(try await copy.history(of: jobs[0]) == nil)
                #expect(try copy.messages(after: 0, jobID: nil, limit: 10_000).allSatisfy { $0.jobId == jobs[1] })
                while try await copy.sweep() {}
                let orphans = try await copy.database.read { db in
                    try Int.fetchOne(
                        db,
                        sql: """
                            SELECT (SELECT COUNT(*) FROM event WHERE job = ?1) + (SELECT COUNT(*) FROM message WHERE job = ?1)
                                + (SELECT COUNT(*) FROM result WHERE job = ?1) + (SELECT COUNT(*) FROM lease WHERE job = ?1)
                            """,
                        arguments: [jobs[0]])
                }
                #expect(orphans == 0)
            }
            #expect(steps > 3)
            #expect(try await registry.receipt(jobs[1]).segments.count == 300)
        }
    }

    @Test
    func `large rows are swept in small transactions`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let registry = try JobFixture.registry(store, FakeJobServices())
            var jobs: [String] = []
            for session in 0..<4 {
                jobs.append(try await JobFixture.run(registry, session: "s\(session)").receipt.jobID)
            }
            try await store.database.write { db in
                try db.execute(sql: "UPDATE job SET spec = zeroblob(600000)")
                try db.execute(sql: "UPDATE event SET body = zeroblob(400000)")
            }
            #expect(try await store.prune(jobs) == 1)
            let before = try rows(store, "event")
            #expect(try await store.sweep())
            let removed = before - (try rows(store, "event"))
            #expect((1...2).contains(removed), "\(removed) rows of 400 kB in one transaction")
            #expect(try await Retention(days: nil, count: 0).prune(registry) == 3)
            #expect(try rows(store, "event") == 0 && rows(store, "result") == 0 && rows(store, "lease") == 0)
        }
    }

    @Test
    func `the space of pruned jobs is returned to the file system`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let registry = try JobFixture.registry(store, FakeJobServices(segments: 300))
            for number in 0..<4 { _ = try await JobFixture.run(registry, session: "s\(number)") }
            func pages() async throws -> Int {
                try await store.database.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
            }
            let before = try await pages()
            #expect(try await Retention(days: nil, count: 1).prune(registry) == 3)
            #expect(try await pages() < before / 2)
        }
    }
}
