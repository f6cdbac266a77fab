import Contracts
import GRDB
import JSONRPC
import Testing

@testable import Orchestrator

/// Orchestrators that share a journal, which is not SQLite's: what runs jobs needs nothing but the protocol.
@Suite(.timeLimit(.minutes(2))) struct SharedJournalTests {
    private func orchestra(
        _ journal: MemoryJournal, _ studio: FakeStudio, _ holder: Leaseholder = .unique()
    ) throws -> Orchestra {
        Orchestra(
            store: journal, studio: studio, breakers: try Breakers(store: journal, logger: Stage.logger),
            holder: holder, logger: Stage.logger)
    }

    private func hanging(_ orchestra: Orchestra, _ session: String = "s") async throws -> String {
        let started = try await orchestra.start(
            StartJob(userID: "u", sessionID: session), options: JobOptions(), entry: .fallback)
        while try await orchestra.view(started.jobID).progress.done < 2 { await Task.yield() }
        return started.jobID
    }

    @Test("a job runs to its end, is retried and shown on a journal in memory")
    func memory() async throws {
        let orchestra = try orchestra(MemoryJournal(), FakeStudio())
        let job = try await Stage.run(orchestra).receipt.jobID
        // It can be retried once its runner has let it go.
        while (try? await orchestra.retry(RetryJob(jobID: job, only: .all))) == nil { await Task.yield() }
        for await _ in orchestra.bulletin.signals(jobID: job) {
            let ends = try await orchestra.messages(after: 0, jobID: job).count { $0.jobState.isTerminal }
            if ends == 2 { break }
        }
        #expect(try await orchestra.list(ListJobs()).jobs.map(\.state) == [.finished])
        // It can be pruned once its runner has let it go.
        while try await Retention(days: nil, count: 0).prune(orchestra) == 0 { await Task.yield() }
        #expect(try await orchestra.list(ListJobs()).jobs.isEmpty)
    }

    @Test("the jobs of an orchestrator that stops are another's at once")
    func handOver() async throws {
        let journal = MemoryJournal()
        let first = try orchestra(journal, FakeStudio(hangsAtClip: true))
        let job = try await hanging(first)
        let second = try orchestra(journal, FakeStudio())
        try await second.resume()
        #expect(try await second.view(job).state == .running, "it is seen, and not taken")
        await first.stop()
        try await second.resume()
        #expect(try await Stage.messages(second, job).last?.jobState == .finished)
    }

    @Test("an orchestrator whose leases expired stores nothing more, and shows what the other one does")
    func takeOver() async throws {
        let journal = MemoryJournal()
        let first = try orchestra(journal, FakeStudio(hangsAtClip: true), Leaseholder(id: "dead", term: 0))
        let job = try await hanging(first)
        let second = try orchestra(journal, FakeStudio())
        try await second.resume()
        #expect(try await Stage.messages(second, job).last?.jobState == .finished)
        let events = try #require(await journal.history(of: job)).events.count
        _ = try? await first.cancel(job)
        #expect(try #require(await journal.history(of: job)).events.count == events)
        #expect(try await first.view(job).state == .finished)
    }

    @Test("a paid call of an orchestrator that lost its job is not cancelled: the other one asks for the same order")
    func paidCall() async throws {
        let journal = MemoryJournal()
        let (ends, input) = AsyncStream.makeStream(of: Bool.self)
        let (asked, asking) = AsyncStream.makeStream(of: Void.self)
        let release = AsyncStream.makeStream(of: Void.self)
        let studio = FakeStudio(
            segments: 1,
            onDraw: { _, _ in
                asking.yield()
                for await _ in release.stream { break }
                input.yield(Task.isCancelled)
            })
        let first = try orchestra(journal, studio, Leaseholder(id: "dead", term: 0))
        let job = try await first.start(
            StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback
        ).jobID
        for await _ in asked { break }
        let second = try orchestra(journal, FakeStudio(segments: 1))
        try await second.resume()
        _ = try? await first.cancel(job)
        #expect(try await Stage.messages(second, job).last?.jobState == .finished)
        release.continuation.yield()
        for await wasCancelled in ends {
            #expect(!wasCancelled)
            break
        }
    }

    @Test("leases are renewed as long as a job runs")
    func renewal() async throws {
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let orchestra = Orchestra(
                store: store, studio: FakeStudio(hangsAtClip: true),
                breakers: try Breakers(store: store, logger: Stage.logger), holder: Leaseholder(id: "me", term: 0.03),
                logger: Stage.logger)
            _ = try await hanging(orchestra)
            func expiry() throws -> Int64 {
                try store.database.read { try Int64.fetchOne($0, sql: "SELECT expires_at FROM lease") ?? 0 }
            }
            let before = try expiry()
            let task = Task { await orchestra.keepLeases() }
            while try expiry() <= before { await Task.yield() }
            task.cancel()
            await task.value
            await orchestra.stop()
            #expect(try await store.claim(for: Leaseholder(id: "other"), at: .now, limit: 9).count == 1)
        }
    }
}
