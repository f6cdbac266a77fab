import Contracts
import Faults
import Synchronization
import Testing

@testable import Orchestrator

/// The warm understudy.
@Suite struct HedgeTests {
    private func slow(_ options: JobOptions = JobOptions()) -> MachineScene {
        var scene = MachineScene(options: options)
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(4)))
        return scene
    }

    private func stills(_ machine: JobMachine) -> [Int] {
        machine.work.compactMap { if case .still(let segment, _, _) = $0 { segment } else { nil } }.sorted()
    }

    @Test("a lead that takes long has its stills prepared beside it, so many at a time, within the hedge's limit")
    func prepares() {
        var options = JobOptions()
        options.hedgeMaxCost = USD(0.06)
        var scene = slow(options)
        #expect(stills(scene.machine).isEmpty)
        scene.apply(.hedged)
        #expect(stills(scene.machine) == [0, 1] && scene.machine.work.contains(.lead(attempt: 1)))
        scene.image(0)
        scene.image(1)
        #expect(stills(scene.machine) == [2])
        scene.image(2)
        #expect(stills(scene.machine).isEmpty && scene.machine.costs.understudy == USD(0.06))
        #expect(scene.machine.state == .running && scene.machine.takeover == nil)
    }

    @Test("a takeover finds the prepared stills, and goes on with those under way")
    func takeover() {
        var scene = slow()
        scene.apply(.hedged)
        scene.image(0)
        let before = stills(scene.machine)
        scene.apply(.leadFailed(ServiceError(.timeout, "too slow"), startedAt: scene.now))
        #expect(scene.machine.work.contains(.clip(segment: 0)))
        #expect(stills(scene.machine) == before)
        for index in 1...3 { scene.image(index) }
        for index in 0...3 {
            scene.clip(index)
            scene.narrate(index)
        }
        scene.apply(.stitched(MachineScene.film, startedAt: scene.now))
        scene.apply(.filmVerified(warnings: nil, startedAt: scene.now))
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .finished && scene.machine.receipt.hedge == nil)
        #expect(scene.machine.costs.understudy == USD(0.084))
    }

    @Test("a lead that delivers all the same is used; the stills are kept, and their cost is shown as hedge")
    func leadDelivers() {
        var scene = slow()
        scene.apply(.hedged)
        scene.image(0)
        scene.apply(.leadDelivered(AgentResult(video: "file:///f.mp4", cost: USD(0.15)), startedAt: scene.now))
        scene.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: scene.now))
        #expect(scene.machine.receipt.hedge == USD(0.02))
        #expect(scene.machine.receipt.segments.allSatisfy { $0.maker == .lead })
        scene.apply(.settled(warning: nil))
        // The whole is made again, the lead fails: the still is there.
        scene.apply(.retried(.all))
        scene.apply(.started)
        scene.apply(.leadFailed(ServiceError(.quotaExhausted, "no credit"), startedAt: scene.now))
        #expect(scene.machine.work.contains(.clip(segment: 0)) && stills(scene.machine) == [1, 2])
        #expect(scene.machine.segments[0].isReused)
    }

    @Test("a still that cannot be prepared fails nothing, and is not asked for a third time")
    func failures() {
        var scene = slow()
        scene.apply(.hedged)
        for _ in 0..<2 {
            scene.apply(.imageFailed(segment: 0, ServiceError(.internal, "no"), startedAt: scene.now))
        }
        scene.apply(.imageFailed(segment: 1, ServiceError(.contentRejected, "no"), startedAt: scene.now))
        #expect(stills(scene.machine) == [2, 3] && scene.machine.state == .running)
    }

    @Test("the lead's budget and the hedge's are one: what is reserved for stills is not offered to the lead")
    func budget() {
        var options = JobOptions()
        options.maxCost = USD(1)
        #expect(slow(options).machine.leadBudget == USD(1), "there is no hedge")
        options.hedgeAfter = 5
        var scene = slow(options)
        #expect(scene.machine.leadBudget == USD(0.9))
        scene.apply(.hedged)
        scene.image(0)
        // One still is bought: the rest of the reserve is smaller by its price.
        #expect(scene.machine.leadBudget == USD(0.9))
        options.hedgeMaxCost = .zero
        #expect(slow(options).machine.leadBudget == USD(1))
        // The reserve is at most half of the limit.
        options.hedgeMaxCost = USD(5)
        options.maxCost = USD(0.06)
        scene = slow(options)
        #expect(scene.machine.leadBudget == USD(0.03))
        scene.apply(.hedged)
        #expect(stills(scene.machine) == [0])
        options.maxCost = nil
        #expect(slow(options).machine.leadBudget == nil)
    }

    @Test("the usual time of the lead is known after twenty films, and counts the last two hundred")
    func usualTime() async throws {
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            for seconds in 1...19 { try await store.keepLeadTime(Double(seconds)) }
            #expect(try store.leadTime(quantile: 0.95, atLeast: 20) == nil)
            try await store.keepLeadTime(20)
            #expect(try store.leadTime(quantile: 0.95, atLeast: 20) == 19)
            for _ in 0..<200 { try await store.keepLeadTime(5) }
            #expect(try store.leadTime(quantile: 0.95, atLeast: 20) == 5)
        }
    }

    @Test("stills are drawn while a slow lead works, through the orchestra")
    func orchestra() async throws {
        try await Stage.withFolder { folder in
            let drawn = AsyncStream.makeStream(of: String.self)
            let studio = FakeStudio(
                onLead: { _, _ in
                    // Delivers once both stills are there.
                    var seen = 0
                    for await _ in drawn.stream {
                        seen += 1
                        if seen == 2 { break }
                    }
                    return AgentResult(video: "file:///lead.mp4", cost: USD(0.15))
                }, onDraw: { segment, _ in drawn.continuation.yield(segment.id) })
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            var options = JobOptions()
            options.hedgeAfter = 0.1
            let (messages, receipt) = try await Stage.run(orchestra, options: options)
            #expect(receipt.state == .finished && receipt.takeover == nil)
            #expect(messages.contains { $0.message == "Agent5 takes long: Agent6 prepares stills" })
            #expect(studio.calls.withLock { $0.count { $0.hasPrefix("draw") } } == 2)
        }
    }
}
