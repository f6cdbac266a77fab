// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Synchronization
import Testing

@testable import Orchestrator

/// Speculative stills, drawn while the lead is still working.
@Suite(.timeLimit(.minutes(2))) struct HedgeTests {
    private func slowLead(_ options: JobOptions = JobOptions()) -> JobMachineFixture {
        var fixture = JobMachineFixture(options: options)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(4)))
        return fixture
    }

    private func stills(_ machine: JobMachine) -> [Int] {
        machine.work.compactMap { if case .still(let segment, _, _) = $0 { segment } else { nil } }.sorted()
    }

    @Test
    func `stills are prepared during a slow lead, up to the concurrency and the hedge's budget`() {
        var options = JobOptions()
        options.hedgeMaxCost = USD(0.06)
        var fixture = slowLead(options)
        #expect(stills(fixture.machine).isEmpty)
        fixture.apply(.hedged)
        #expect(stills(fixture.machine) == [0, 1] && fixture.machine.work.contains(.lead(attempt: 1)))
        fixture.image(0)
        fixture.image(1)
        #expect(stills(fixture.machine) == [2])
        fixture.image(2)
        #expect(stills(fixture.machine).isEmpty && fixture.machine.costs.understudy == USD(0.06))
        #expect(fixture.machine.state == .running && fixture.machine.takeover == nil)
    }

    @Test
    func `a takeover uses the prepared stills and keeps those in progress`() {
        var fixture = slowLead()
        fixture.apply(.hedged)
        fixture.image(0)
        let before = stills(fixture.machine)
        fixture.apply(.leadFailed(ServiceError(.timeout, "too slow"), startedAt: fixture.now))
        #expect(fixture.machine.work.contains(.clip(segment: 0)))
        #expect(stills(fixture.machine) == before)
        for index in 1...3 { fixture.image(index) }
        for index in 0...3 {
            fixture.clip(index)
            fixture.narrate(index)
        }
        fixture.apply(.stitched(JobMachineFixture.film, startedAt: fixture.now))
        fixture.apply(.filmVerified(warnings: nil, startedAt: fixture.now))
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .finished && fixture.machine.receipt.hedge == nil)
        #expect(fixture.machine.costs.understudy == USD(0.084))
    }

    @Test
    func `if the lead delivers after all, the stills are kept and reported as hedge costs`() {
        var fixture = slowLead()
        fixture.apply(.hedged)
        fixture.image(0)
        fixture.apply(.leadDelivered(AgentResult(video: "file:///f.mp4", cost: USD(0.15)), startedAt: fixture.now))
        fixture.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: fixture.now))
        #expect(fixture.machine.receipt.hedge == USD(0.02))
        #expect(fixture.machine.receipt.segments.allSatisfy { $0.maker == .lead })
        fixture.apply(.settled(warning: nil))
        // A retry of the whole film whose lead fails uses the prepared still.
        fixture.apply(.retried(.all))
        fixture.apply(.started)
        fixture.apply(.leadFailed(ServiceError(.quotaExhausted, "no credit"), startedAt: fixture.now))
        #expect(fixture.machine.work.contains(.clip(segment: 0)) && stills(fixture.machine) == [1, 2])
        #expect(fixture.machine.segments[0].isReused)
    }

    @Test
    func `a still that cannot be prepared does not fail the job and is attempted twice at most`() {
        var fixture = slowLead()
        fixture.apply(.hedged)
        for _ in 0..<2 {
            fixture.apply(.imageFailed(segment: 0, ServiceError(.internal, "no"), startedAt: fixture.now))
        }
        fixture.apply(.imageFailed(segment: 1, ServiceError(.contentRejected, "no"), startedAt: fixture.now))
        #expect(stills(fixture.machine) == [2, 3] && fixture.machine.state == .running)
    }

    @Test
    func `the budget reserved for stills is not offered to the lead`() {
        var options = JobOptions()
        options.maxCost = USD(1)
        #expect(slowLead(options).machine.leadBudget == USD(1), "without a hedge")
        options.hedgeAfter = 5
        var fixture = slowLead(options)
        #expect(fixture.machine.leadBudget == USD(0.9))
        fixture.apply(.hedged)
        fixture.image(0)
        // The price of one still was spent from the reserve.
        #expect(fixture.machine.leadBudget == USD(0.9))
        options.hedgeMaxCost = .zero
        #expect(slowLead(options).machine.leadBudget == USD(1))
        // The reserve is at most half of the budget.
        options.hedgeMaxCost = USD(5)
        options.maxCost = USD(0.06)
        fixture = slowLead(options)
        #expect(fixture.machine.leadBudget == USD(0.03))
        fixture.apply(.hedged)
        #expect(stills(fixture.machine) == [0])
        options.maxCost = nil
        #expect(slowLead(options).machine.leadBudget == nil)
    }

    @Test
    func `the lead's 95th percentile is known after 20 films and covers the last 200`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            for seconds in 1...19 { try await store.recordLeadTime(Double(seconds)) }
            #expect(try store.leadTime(quantile: 0.95, atLeast: 20) == nil)
            try await store.recordLeadTime(20)
            #expect(try store.leadTime(quantile: 0.95, atLeast: 20) == 19)
            for _ in 0..<200 { try await store.recordLeadTime(5) }
            #expect(try store.leadTime(quantile: 0.95, atLeast: 20) == 5)
        }
    }

    @Test
    func `the registry runs a job that draws stills while a slow lead works`() async throws {
        try await JobFixture.withFolder { folder in
            let drawn = AsyncStream.makeStream(of: String.self)
            let services = FakeJobServices(
                onLead: { _, _ in
                    // The lead delivers once both stills are drawn.
                    var drawnCount = 0
                    for await _ in drawn.stream {
                        drawnCount += 1
                        if drawnCount == 2 { break }
                    }
                    return AgentResult(video: "file:///lead.mp4", cost: USD(0.15))
                }, onDraw: { segment, _ in drawn.continuation.yield(segment.id) })
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            var options = JobOptions()
            options.hedgeAfter = 0.1
            let (messages, receipt) = try await JobFixture.run(registry, options: options)
            #expect(receipt.state == .finished && receipt.takeover == nil)
            #expect(messages.contains { $0.message == "Agent5 is slow: Agent6 is preparing stills" })
            #expect(services.calls.withLock { $0.count { $0.hasPrefix("draw") } } == 2)
        }
    }
}
