// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Orchestrator

/// The requirements of `JobJournal`, for each implementation.
@Suite(.timeLimit(.minutes(2))) struct JournalConformanceTests {
    enum Kind: CaseIterable {
        case sqlite, memory
    }

    private let first = Leaseholder(id: "first", term: 60)
    private let second = Leaseholder(id: "second", term: 60)

    private func withJournal(_ kind: Kind, _ body: (any JobJournal) async throws -> Void) async throws {
        switch kind {
        case .memory: try await body(MemoryJournal())
        case .sqlite:
            try await JobFixture.withFolder { folder in try await body(try JobStore(path: "\(folder)/jobs.sqlite")) }
        }
    }

    private func at(_ seconds: Double) -> Timestamp {
        Timestamp(milliseconds: 1_790_000_000_000).adding(seconds: seconds)
    }

    private func spec(_ id: String) -> JobSpec {
        JobSpec(jobID: id, userID: "u", sessionID: "s-\(id)", entry: .fallback, options: JobOptions())
    }

    @discardableResult
    private func add(
        _ id: String, to journal: any JobJournal, for holder: Leaseholder? = nil, at seconds: Double = 0
    ) async throws -> JobLease {
        let added = try await journal.add(
            spec(id), at: at(seconds), key: nil, fingerprint: "", for: holder ?? first)
        guard case .new(_, let lease) = added else { throw ServiceError(.internal, "it was there") }
        return lease
    }

    private func entry(
        _ lease: JobLease, _ number: Int, _ events: [JobEvent], _ state: JobState? = nil, at seconds: Double = 1,
        message text: String? = nil
    ) -> JournalEntry {
        let drafts = text.map { text in
            [
                StatusDraft(
                    agent: .understudy, status: .processing, message: text, cost: .zero, costs: Costs(),
                    jobState: state ?? .running)
            ]
        }
        return JournalEntry(
            spec: spec(lease.job), fence: lease.fence, number: number, events: events, at: at(seconds),
            drafts: drafts ?? [], state: state)
    }

    /// Appends a job's events up to its end.
    private func end(_ lease: JobLease, in journal: any JobJournal, at seconds: Double = 1) async throws {
        var machine = JobMachine(spec: spec(lease.job), createdAt: at(0))
        let events: [JobEvent] = [.started, .cancelled, .settled(warning: nil)]
        for event in events { _ = machine.apply(event, at: at(seconds)) }
        var entry = entry(lease, 0, events, .cancelled, at: seconds, message: "end of \(lease.job)")
        (entry.view, entry.result) = (machine.view, JobResult(machine))
        _ = try await journal.append(entry)
    }

    @Test(
        arguments: Kind.allCases
    )
    func `appended events are read in order with their times, and messages are numbered`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let lease = try await add("a", to: journal)
            #expect(try await journal.job("a")?.state == .queued)
            let first = try await journal.append(entry(lease, 0, [.started], .running, at: 1, message: "one"))
            let second = try await journal.append(
                entry(lease, 1, [.loaded(JobMachineFixture.plan(2)), .cancelled], at: 2, message: "two"))
            #expect(first.map(\.seq) == [1] && second.map(\.seq) == [2])
            let history = try #require(try await journal.history(of: "a"))
            #expect(history.row.state == .running && history.row.createdAt == at(0))
            #expect(history.events.map(\.at) == [at(1), at(2), at(2)])
            guard case .loaded(let plan) = history.events[1].event else {
                Issue.record("decoded as a different event")
                return
            }
            #expect(plan.segments == JobMachineFixture.plan(2).segments)
            #expect(try await journal.messages(after: 0, jobID: nil, limit: 10).map(\.message) == ["one", "two"])
            #expect(try await journal.messages(after: 1, jobID: "a", limit: 10).map(\.message) == ["two"])
            #expect(try await journal.messages(after: 0, jobID: "b", limit: 10).isEmpty)
            #expect(try await journal.lastSeq() == 2)
            #expect(try await journal.history(of: "b") == nil)
            #expect(try await journal.job("b") == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `an entry that is stored already is not stored again`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let lease = try await add("a", to: journal)
            let entry = entry(lease, 0, [.started], .running, message: "one")
            #expect(try await journal.append(entry).count == 1)
            #expect(try await journal.append(entry).isEmpty)
            #expect(try await journal.history(of: "a")?.events.count == 1)
            #expect(try await journal.messages(after: 0, jobID: nil, limit: 10).count == 1)
        }
    }

    @Test(arguments: Kind.allCases)
    func `an idempotency key returns the same job for the same parameters only`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            _ = try await journal.add(spec("a"), at: at(0), key: "k", fingerprint: "f", for: first)
            guard
                case .existing(let row) = try await journal.add(
                    spec("b"), at: at(0), key: "k", fingerprint: "f", for: second)
            else {
                Issue.record("a second job with the same key")
                return
            }
            #expect(row.spec.jobID == "a")
            #expect(try await journal.job("b") == nil)
            let error = await #expect(throws: ServiceError.self) {
                try await journal.add(spec("b"), at: at(0), key: "k", fingerprint: "g", for: first)
            }
            #expect(error?.kind == .conflict)
            #expect(try await journal.job(key: "k", fingerprint: "f")?.spec.jobID == "a")
            #expect(try await journal.job(key: "l", fingerprint: "f") == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `an entry with an old fence is rejected and not stored`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let old = try await add("a", to: journal)
            await #expect(throws: LeaseLost.self) {
                try await journal.lease("a", eventCount: 0, for: second, at: at(59))
            }
            let new = try #require(try await journal.lease("a", eventCount: 0, for: second, at: at(60)))
            #expect(new.fence > old.fence)
            let error = await #expect(throws: LeaseLost.self) {
                try await journal.append(entry(old, 0, [.started], .running, message: "late"))
            }
            #expect(error?.serviceError.kind == .conflict)
            #expect(try await journal.history(of: "a")?.events.isEmpty == true)
            #expect(try await journal.job("a")?.state == .queued)
            #expect(try await journal.lastSeq() == 0)
            #expect(try await journal.append(entry(new, 0, [.started], .running, message: "now")).count == 1)
            // The current holder gets a new fence too.
            let again = try #require(try await journal.lease("a", eventCount: 1, for: second, at: at(61)))
            await #expect(throws: LeaseLost.self) { try await journal.append(entry(new, 1, [.cancelled])) }
            _ = try await journal.append(entry(again, 1, [.cancelled]))
            var unknown = entry(again, 0, [.started])
            unknown.spec.jobID = "unknown"
            let missing = unknown
            await #expect(throws: LeaseLost.self) { try await journal.append(missing) }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a lease is granted only if the holder knows all events of the job`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let lease = try await add("a", to: journal)
            _ = try await journal.append(entry(lease, 0, [.started], .running))
            #expect(try await journal.lease("a", eventCount: 0, for: first, at: at(2)) == nil)
            // The earlier lease is still the newest.
            _ = try await journal.append(entry(lease, 1, [.cancelled]))
            let error = await #expect(throws: ServiceError.self) {
                try await journal.lease("unknown", eventCount: 0, for: first, at: at(2))
            }
            #expect(error?.kind == .notFound)
        }
    }

    @Test(arguments: Kind.allCases)
    func `unfinished jobs are claimed once, oldest first, and again after their leases expire`(_ kind: Kind)
        async throws
    {
        try await withJournal(kind) { journal in
            for id in ["a", "b", "c"] { try await add(id, to: journal) }
            try await end(try await add("d", to: journal), in: journal)
            #expect(try await journal.claim(for: second, at: at(1), limit: 10).isEmpty)
            try await journal.renew(first, at: at(30))
            #expect(try await journal.claim(for: second, at: at(89), limit: 10).isEmpty)
            #expect(try await journal.claim(for: second, at: at(90), limit: 2).map(\.job) == ["a", "b"])
            let last = try await journal.claim(for: second, at: at(90), limit: 2)
            #expect(last.map(\.job) == ["c"] && last.map(\.fence) == [2])
            #expect(try await journal.claim(for: first, at: at(91), limit: 10).isEmpty)
            // The first holder holds no lease any more.
            try await journal.renew(first, at: at(91))
            try await journal.release(second)
            #expect(try await journal.claim(for: first, at: at(91), limit: 10).map(\.job) == ["a", "b", "c"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `concurrent claims share the jobs, each of which is claimed once`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            for number in 0..<20 { try await add("job\(number)", to: journal) }
            try await journal.release(first)
            let claimed = try await withThrowingTaskGroup(of: [JobLease].self) { group in
                for holder in 0..<8 {
                    group.addTask {
                        let holder = Leaseholder(id: "h\(holder)")
                        return try await journal.claim(for: holder, at: at(1), limit: 4)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 20 && Set(claimed.map(\.job)).count == 20)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a job's end stores view and result and releases the lease; a retry removes them`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let lease = try await add("a", to: journal)
            #expect(try await journal.finalView(of: "a") == nil)
            try await end(lease, in: journal)
            #expect(try await journal.finalView(of: "a")?.state == .cancelled)
            #expect(try await journal.result(of: "a")?.receipt.state == .cancelled)
            #expect(try await journal.counts() == ["cancelled": 1])
            // Any holder may lease it again.
            let again = try #require(try await journal.lease("a", eventCount: 3, for: second, at: at(2)))
            #expect(again.fence > lease.fence)
            _ = try await journal.append(entry(again, 3, [.retried(.all)], .queued))
            #expect(try await journal.counts() == ["queued": 1])
            #expect(try await journal.finalView(of: "a") == nil)
            #expect(try await journal.result(of: "a") == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a missing view and result are stored later, unless the job has new events`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let lease = try await add("a", to: journal)
            var machine = JobMachine(spec: spec("a"), createdAt: at(0))
            _ = machine.apply(.started, at: at(1))
            let (view, result) = (machine.view, JobResult(machine))
            try await journal.storeResult(view, result, of: "a", eventCount: 0)
            #expect(try await journal.finalView(of: "a") == nil, "the job has not ended")
            _ = try await journal.append(entry(lease, 0, [.started, .cancelled], .cancelled))
            try await journal.storeResult(view, result, of: "a", eventCount: 1)
            #expect(try await journal.result(of: "a") == nil, "the job has more events")
            try await journal.storeResult(view, result, of: "a", eventCount: 2)
            #expect(try await journal.finalView(of: "a") != nil)
            #expect(try await journal.result(of: "a") != nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `jobs are listed newest first, in pages limited by count and bytes`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            for id in ["a", "b", "c", "d"] {
                let lease = try await add(id, to: journal)
                if id != "c" { try await end(lease, in: journal) }
            }
            let page = try await journal.jobs(state: nil, limit: 3, after: nil, maximumBytes: .max)
            #expect(page.jobs.map(\.id) == ["d", "c", "b"] && page.hasMore)
            #expect(page.jobs.map { $0.view == nil } == [false, true, false])
            let rest = try await journal.jobs(state: nil, limit: 3, after: "b", maximumBytes: .max)
            #expect(rest.jobs.map(\.id) == ["a"] && !rest.hasMore)
            let ended = try await journal.jobs(state: .cancelled, limit: 10, after: nil, maximumBytes: 10)
            #expect(ended.jobs.map(\.id) == ["d"] && ended.hasMore)
            let error = await #expect(throws: ServiceError.self) {
                try await journal.jobs(state: nil, limit: 1, after: "unknown", maximumBytes: .max)
            }
            #expect(error?.kind == .notFound)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a pruned job is invisible at once; unfinished jobs cannot be pruned`(_ kind: Kind) async throws {
        try await withJournal(kind) { journal in
            var leases: [JobLease] = []
            for id in ["a", "b", "c"] {
                leases.append(try await add(id, to: journal))
                if id != "c" { try await end(leases[leases.count - 1], in: journal, at: id == "a" ? 1 : 100) }
            }
            #expect(try await journal.expiredJobs(endedBefore: at(50), keeping: nil, limit: 10) == ["a"])
            #expect(try await journal.expiredJobs(endedBefore: nil, keeping: 1, limit: 10) == ["a"])
            #expect(try await journal.expiredJobs(endedBefore: at(500), keeping: 0, limit: 1) == ["a"])
            #expect(try await journal.prune(["a", "c", "unknown"]) == 1)
            // Before the first sweep.
            #expect(try await journal.job("a") == nil)
            #expect(try await journal.history(of: "a") == nil)
            #expect(try await journal.finalView(of: "a") == nil)
            #expect(try await journal.result(of: "a") == nil)
            #expect(try await journal.messages(after: 0, jobID: nil, limit: 10).map(\.jobId) == ["b"])
            #expect(try await journal.messages(after: 0, jobID: "a", limit: 10).isEmpty)
            await #expect(throws: LeaseLost.self) { try await journal.append(entry(leases[0], 3, [.cancelled])) }
            let last = try await journal.lastSeq()
            while try await journal.sweep() {}
            #expect(try await journal.lastSeq() == last)
            #expect(try await journal.messages(after: 0, jobID: nil, limit: 10).map(\.jobId) == ["b"])
            _ = try await journal.append(entry(leases[2], 0, [.started], .running, message: "goes on"))
            #expect(try await journal.lastSeq() == last + 1)
        }
    }
}
