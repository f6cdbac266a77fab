import Contracts
import Faults
import FoundationEssentials
import GRDB
import Testing

@testable import Orchestrator

/// What the job store keeps, for how long, and how safely.
@Suite(.timeLimit(.minutes(2))) struct RetentionTests {
    private func rows(_ store: JobStore, _ table: String) throws -> Int {
        try store.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(table)") ?? -1 }
    }

    private func ids(_ orchestra: Orchestra) async throws -> [String] {
        try await orchestra.list(ListJobs(limit: 1000)).jobs.map(\.sessionID)
    }

    @Test("every connection that writes flushes each commit, in a new store and in an old one")
    func synchronous() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            for _ in 0..<2 {
                let store = await Stage.reopen(path)
                let level = try await store.database.writeWithoutTransaction { db in
                    try Int.fetchOne(db, sql: "PRAGMA synchronous")
                }
                #expect(level == 2)
            }
        }
    }

    @Test("a copy of the files, taken when a message is seen, has the message and its events")
    func powerLoss() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let orchestra = try Stage.orchestra(try JobStore(path: path), FakeStudio())
            let started = try await orchestra.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .lead)
            var seen = 0
            for await _ in orchestra.bulletin.signals(jobID: started.jobID) {
                let messages = try await orchestra.messages(after: seen, jobID: started.jobID)
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

    @Test("the oldest jobs beyond a number go with their events and messages; numbers and running jobs stay")
    func byCount() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let store = try JobStore(path: path)
            let orchestra = try Stage.orchestra(store, FakeStudio(hangsAtClip: true))
            let hanging = try await orchestra.start(
                StartJob(userID: "u", sessionID: "hangs"), options: JobOptions(), entry: .lead)
            let others = try Stage.orchestra(store, FakeStudio())
            for number in 0..<5 { _ = try await Stage.run(others, session: "s\(number)") }
            let last = try store.lastSeq()
            #expect(try await Retention(days: nil, count: 2).prune(others) == 3)
            #expect(try await ids(others) == ["s4", "s3", "hangs"])
            #expect(try store.job(hanging.jobID) != nil)
            #expect(try rows(store, "pruned") == 0)
            let kept = try await store.database.read { db in
                try String.fetchSet(db, sql: "SELECT job FROM event UNION SELECT job FROM message")
            }
            #expect(kept.count == 3)
            // All go: the numbers of messages go on all the same.
            #expect(try await Retention(days: nil, count: nil).prune(others) == 0)
            _ = try await orchestra.cancel(hanging.jobID)
            _ = try await Stage.messages(orchestra, hanging.jobID)
            #expect(try store.lastSeq() > last)
        }
    }

    @Test("a store from which every message is gone does not begin to count again")
    func numbers() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            var last = 0
            do {
                let store = try JobStore(path: path)
                let orchestra = try Stage.orchestra(store, FakeStudio())
                let run = try await Stage.run(orchestra)
                last = run.messages.last?.seq ?? 0
                let old = Retention(days: 1, count: nil)
                #expect(try await old.prune(orchestra) == 0)
                let later = Timestamp(milliseconds: Timestamp.now.milliseconds + 2 * 86_400_000)
                #expect(try await old.prune(orchestra, at: later) == 1)
                for table in ["message", "event", "job", "result", "lease"] {
                    #expect(try rows(store, table) == 0, "\(table)")
                }
                #expect(try store.lastSeq() == last)
                await orchestra.stop()
            }
            let orchestra = try Stage.orchestra(await Stage.reopen(path), FakeStudio())
            let run = try await Stage.run(orchestra)
            #expect(last > 0 && run.messages.allSatisfy { $0.seq > last })
        }
    }

    @Test("the idempotency key of a job that was pruned begins a new one; pruning that was interrupted goes on")
    func interrupted() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let request = StartJob(userID: "u", sessionID: "s", idempotencyKey: "k")
            do {
                let store = try JobStore(path: path)
                let orchestra = try Stage.orchestra(store, FakeStudio())
                let first = try await orchestra.start(request, options: JobOptions(), entry: .lead)
                _ = try await Stage.messages(orchestra, first.jobID)
                try await store.settle()
                #expect(try await orchestra.prune(endedBefore: nil, keeping: 0, limit: 10) == 1)
                #expect(try rows(store, "event") > 0)
                await #expect(throws: ServiceError.self) { try await orchestra.view(first.jobID) }
                await orchestra.stop()
            }
            let store = await Stage.reopen(path)
            let orchestra = try Stage.orchestra(store, FakeStudio())
            #expect(try await Retention(days: nil, count: 0).prune(orchestra) == 0)
            #expect(try rows(store, "event") == 0 && rows(store, "message") == 0)
            let again = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            #expect(!again.existing)
            _ = try await Stage.messages(orchestra, again.jobID)
        }
    }

    @Test("a job that is being swept shows nothing at any step, and each step is short")
    func steps() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let store = try JobStore(path: path)
            let orchestra = try Stage.orchestra(store, FakeStudio(segments: 300))
            let jobs = [
                try await Stage.run(orchestra, session: "a").receipt.jobID,
                try await Stage.run(orchestra, session: "b").receipt.jobID,
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
                #expect(try await orchestra.list(ListJobs()).jobs.map(\.jobID) == [jobs[1]])
                // As a process that is killed here finds it.
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
            #expect(try await orchestra.receipt(jobs[1]).segments.count == 300)
        }
    }

    @Test("large rows go a few at a time")
    func largeRows() async throws {
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let orchestra = try Stage.orchestra(store, FakeStudio())
            var jobs: [String] = []
            for session in 0..<4 { jobs.append(try await Stage.run(orchestra, session: "s\(session)").receipt.jobID) }
            try await store.database.write { db in
                try db.execute(sql: "UPDATE job SET spec = zeroblob(600000)")
                try db.execute(sql: "UPDATE event SET body = zeroblob(400000)")
            }
            #expect(try await store.prune(jobs) == 1)
            let before = try rows(store, "event")
            #expect(try await store.sweep())
            let gone = before - (try rows(store, "event"))
            #expect((1...2).contains(gone), "\(gone) rows of 400 kB in one transaction")
            #expect(try await Retention(days: nil, count: 0).prune(orchestra) == 3)
            #expect(try rows(store, "event") == 0 && rows(store, "result") == 0 && rows(store, "lease") == 0)
        }
    }

    @Test("space of pruned jobs is given back")
    func space() async throws {
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let orchestra = try Stage.orchestra(store, FakeStudio(segments: 300))
            for number in 0..<4 { _ = try await Stage.run(orchestra, session: "s\(number)") }
            func pages() async throws -> Int {
                try await store.database.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
            }
            let before = try await pages()
            #expect(try await Retention(days: nil, count: 1).prune(orchestra) == 3)
            #expect(try await pages() < before / 2)
        }
    }
}
