// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC
import Synchronization
import Testing

@testable import Orchestrator

/// How a job books paid calls that are stopped.
@Suite(.timeLimit(.minutes(2))) struct StoppedCallTests {
    private func drawing(_ options: JobOptions = JobOptions()) -> JobMachineFixture {
        var fixture = JobMachineFixture(entry: .fallback, options: options)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(3, narrated: false)))
        return fixture
    }

    private func failure(
        wasted: USD = .zero, unknown: USD = .zero, code: String? = nil
    ) -> ServiceError {
        var error = ServiceError(.cancelled, "the caller cancelled", providerCode: code)
        (error.wasted, error.unknown) = (wasted, unknown)
        return error
    }

    @Test
    func `stills in flight at a cancellation are booked once each, before the receipt`() {
        var fixture = drawing()
        fixture.apply(.cancelled)
        #expect(fixture.machine.unsettled.count == 2)
        fixture.apply(.stopped(segment: 0, failure(unknown: USD(0.02)), startedAt: fixture.now))
        fixture.apply(.stopped(segment: 0, failure(unknown: USD(0.02)), startedAt: fixture.now))
        fixture.apply(.stopped(segment: 1, failure(wasted: USD(0.03)), startedAt: fixture.now))
        #expect(fixture.machine.unsettled.isEmpty)
        let receipt = fixture.machine.receipt
        #expect(receipt.unknown == USD(0.02) && receipt.wasted == USD(0.03) && receipt.costs.total == USD(0.03))
        #expect(receipt.attempts.map(\.segmentID) == ["seg_1", "seg_2"])
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .cancelled && fixture.machine.view.unknown == USD(0.02))
    }

    @Test
    func `a stopped call without a reply may have cost its price; an unsent call costs nothing`() {
        var fixture = drawing()
        fixture.apply(.cancelled)
        fixture.apply(.stopped(segment: 0, failure(code: RPCConnection.notSettled), startedAt: fixture.now))
        fixture.apply(.stopped(segment: 1, failure(), startedAt: fixture.now))
        #expect(fixture.machine.unknown == USD(0.02) && fixture.machine.attempts.count == 1)
    }

    @Test
    func `a still delivered after the cancellation is booked`() {
        var fixture = drawing()
        fixture.apply(.cancelled)
        fixture.image(1)
        #expect(fixture.machine.costs.understudy == USD(0.02) && fixture.machine.segments[1].still != nil)
        fixture.image(2)
        #expect(fixture.machine.costs.understudy == USD(0.02), "it was not in flight")
    }

    @Test
    func `speculative stills in flight when the lead delivers are booked`() {
        var fixture = JobMachineFixture(options: JobOptions())
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(3)))
        fixture.apply(.hedged)
        fixture.apply(.leadDelivered(AgentResult(video: "file:///f.mp4", cost: USD(0.15)), startedAt: fixture.now))
        #expect(fixture.machine.unsettled.isEmpty)
        fixture.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: fixture.now))
        #expect(fixture.machine.unsettled.count == 2)
        fixture.image(0)
        fixture.apply(.stopped(segment: 1, failure(unknown: USD(0.02)), startedAt: fixture.now))
        #expect(fixture.machine.costs.understudy == USD(0.02) && fixture.machine.unknown == USD(0.02))
        #expect(fixture.machine.receipt.hedge == USD(0.02))
        #expect(fixture.machine.segments[0].maker == .lead && fixture.machine.segments[0].spare != nil)
    }

    @Test
    func `a stopped lead is booked as it reports; without a report there is a warning`() {
        func stopped(_ error: ServiceError) -> JobMachine {
            var fixture = JobMachineFixture(options: JobOptions())
            fixture.apply(.started)
            fixture.apply(.loaded(JobMachineFixture.plan(3)))
            fixture.apply(.cancelled)
            fixture.apply(.stopped(segment: nil, error, startedAt: fixture.now))
            return fixture.machine
        }
        let reported = stopped(failure(wasted: USD(0.5), unknown: USD(0.25)))
        #expect(reported.costs.lead == USD(0.5) && reported.wasted == USD(0.5) && reported.unknown == USD(0.25))
        #expect(reported.warnings.isEmpty)
        #expect(stopped(failure(code: RPCConnection.notSettled)).warnings.count == 1)
    }

    @Test
    func `only the calls still in flight need settlement`() {
        var fixture = drawing()
        fixture.apply(
            .stillFailed(segment: 0, ServiceError(.contentRejected, "no"), startedAt: fixture.now))
        #expect(fixture.machine.phase.kind == .settling)
        #expect(fixture.machine.unsettled == [.still(segment: 1, attempt: 0, provider: nil)])
    }

    @Test
    func `the runner waits for the replies of the calls that it stopped`() async throws {
        try await JobFixture.withFolder { folder in
            let drawing = AsyncStream.makeStream(of: String.self)
            let services = FakeJobServices(onDraw: { segment, _ in
                drawing.continuation.yield(segment.id)
                try? await Task.sleep(for: .seconds(3600))
                var error = ServiceError(.cancelled, "the caller cancelled")
                error.unknown = USD(0.02)
                throw error
            })
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let started = try await registry.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback)
            var iterator = drawing.stream.makeAsyncIterator()
            for _ in 0..<2 { _ = await iterator.next() }
            _ = try await registry.cancel(started.jobID)
            _ = try await JobFixture.messages(registry, started.jobID)
            let receipt = try await registry.receipt(started.jobID)
            #expect(receipt.state == .cancelled && receipt.unknown == USD(0.04))
            #expect(services.receipts.withLock { $0.last?.unknown } == USD(0.04))
        }
    }

    @Test
    func `a call that an earlier process stopped without booking it counts as unknown`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let drawing = AsyncStream.makeStream(of: String.self)
                let services = FakeJobServices(onDraw: { segment, _ in
                    drawing.continuation.yield(segment.id)
                    try await Task.sleep(for: .seconds(3600))
                })
                let registry = try JobFixture.registry(try JobStore(path: path), services)
                let started = try await registry.start(
                    StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback)
                var iterator = drawing.stream.makeAsyncIterator()
                for _ in 0..<2 { _ = await iterator.next() }
                await registry.stop()
                // The event that the process would have stored last.
                let history = try #require(try await registry.store.history(of: started.jobID))
                let lease = try #require(
                    try await registry.store.lease(
                        started.jobID, eventCount: history.events.count, for: .unique(), at: .now))
                _ = try await registry.store.append(
                    JournalEntry(
                        spec: history.row.spec, fence: lease.fence, number: history.events.count, events: [.cancelled],
                        at: .now))
            }
            let store = try await JobFixture.reopen(path)
            let registry = try JobFixture.registry(store, FakeJobServices())
            try await registry.resume()
            guard let id = try await store.jobs(state: nil, limit: 1, after: nil).jobs.first?.id else {
                return #expect(Bool(false))
            }
            _ = try await JobFixture.messages(registry, id)
            #expect(try await registry.receipt(id).unknown == USD(0.04))
        }
    }
}
