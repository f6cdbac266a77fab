// SPDX-License-Identifier: Apache-2.0

import Contracts
import GRDB
import JSONRPC
import Testing

@testable import Orchestrator

/// Orchestrators that share a journal. It is not a SQLite store, so the registry can rely on the protocol only.
@Suite(.timeLimit(.minutes(2))) struct SharedJournalTests {
    private func registry(
        _ journal: MemoryJournal, _ services: FakeJobServices, _ holder: Leaseholder = .unique()
    ) throws -> JobRegistry {
        JobRegistry(
            store: journal, services: services, breakers: try Breakers(store: journal, logger: JobFixture.logger),
            holder: holder, logger: JobFixture.logger)
    }

    private func startHangingJob(_ registry: JobRegistry, _ session: String = "s") async throws -> String {
        let started = try await registry.start(
            StartJob(userID: "u", sessionID: session), options: JobOptions(), entry: .fallback)
        try await JobFixture.wait { try await registry.view(started.jobID).progress.done >= 2 }
        return started.jobID
    }

    @Test
    func `a job on a journal in memory runs to its end, is retried and pruned`() async throws {
        let registry = try registry(MemoryJournal(), FakeJobServices())
        let job = try await JobFixture.run(registry).receipt.jobID
        // A job can be retried once its runner has released it.
        try await JobFixture.wait { (try? await registry.retry(RetryJob(jobID: job, only: .all))) != nil }
        for await _ in registry.changeNotifier.signals(jobID: job) {
            let ends = try await registry.messages(after: 0, jobID: job).count { $0.jobState.isTerminal }
            if ends == 2 { break }
        }
        #expect(try await registry.list(ListJobs()).jobs.map(\.state) == [.finished])
        // A job can be pruned once its runner has released it.
        try await JobFixture.wait { try await Retention(days: nil, count: 0).prune(registry) > 0 }
        #expect(try await registry.list(ListJobs()).jobs.isEmpty)
    }

    @Test
    func `another orchestrator can claim the jobs of one that stops at once`() async throws {
        let journal = MemoryJournal()
        let first = try registry(journal, FakeJobServices(hangsAtClip: true))
        let job = try await startHangingJob(first)
        let second = try registry(journal, FakeJobServices())
        try await second.resume()
        #expect(try await second.view(job).state == .running, "it is visible and not claimed")
        await first.stop()
        try await second.resume()
        #expect(try await JobFixture.messages(second, job).last?.jobState == .finished)
    }

    @Test
    func `an orchestrator with expired leases stores nothing more and shows the other one's events`() async throws {
        let journal = MemoryJournal()
        let first = try registry(journal, FakeJobServices(hangsAtClip: true), Leaseholder(id: "dead", term: 0))
        let job = try await startHangingJob(first)
        let second = try registry(journal, FakeJobServices())
        try await second.resume()
        #expect(try await JobFixture.messages(second, job).last?.jobState == .finished)
        let events = try #require(await journal.history(of: job)).events.count
        _ = try? await first.cancel(job)
        #expect(try #require(await journal.history(of: job)).events.count == events)
        #expect(try await first.view(job).state == .finished)
    }

    @Test
    func `an orchestrator that lost its job does not cancel a paid call: the other one repeats it`() async throws {
        let journal = MemoryJournal()
        let (outcomes, outcome) = AsyncStream.makeStream(of: Bool.self)
        let (requests, request) = AsyncStream.makeStream(of: Void.self)
        let release = AsyncStream.makeStream(of: Void.self)
        let services = FakeJobServices(
            segments: 1,
            onDraw: { _, _ in
                request.yield()
                for await _ in release.stream { break }
                outcome.yield(Task.isCancelled)
            })
        let first = try registry(journal, services, Leaseholder(id: "dead", term: 0))
        let job = try await first.start(
            StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback
        ).jobID
        for await _ in requests { break }
        let second = try registry(journal, FakeJobServices(segments: 1))
        try await second.resume()
        _ = try? await first.cancel(job)
        #expect(try await JobFixture.messages(second, job).last?.jobState == .finished)
        release.continuation.yield()
        for await wasCancelled in outcomes {
            #expect(!wasCancelled)
            break
        }
    }

    @Test
    func `leases are renewed while a job runs`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let registry = JobRegistry(
                store: store, services: FakeJobServices(hangsAtClip: true),
                breakers: try Breakers(store: store, logger: JobFixture.logger),
                holder: Leaseholder(id: "me", term: 0.03),
                logger: JobFixture.logger)
            _ = try await startHangingJob(registry)
            func expiry() throws -> Int64 {
                try store.database.read { try Int64.fetchOne($0, sql: "SELECT expires_at FROM lease") ?? 0 }
            }
            let before = try expiry()
            let task = Task { await registry.renewLeases() }
            try await JobFixture.wait { try expiry() > before }
            task.cancel()
            await task.value
            await registry.stop()
            #expect(try await store.claim(for: Leaseholder(id: "other"), at: .now, limit: 9).count == 1)
        }
    }
}
