import Contracts
import Faults
import JSONRPC
import Synchronization
import Testing

@testable import Orchestrator

/// Paid calls that are stopped, as the job books them.
@Suite struct StoppedCallTests {
    private func drawing(_ options: JobOptions = JobOptions()) -> MachineScene {
        var scene = MachineScene(entry: .fallback, options: options)
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(3, narrated: false)))
        return scene
    }

    private func failure(
        wasted: USD = .zero, unknown: USD = .zero, code: String? = nil
    ) -> ServiceError {
        var error = ServiceError(.cancelled, "the caller cancelled", providerCode: code)
        (error.wasted, error.unknown) = (wasted, unknown)
        return error
    }

    @Test("stills under way at a cancellation are booked as their calls report, each once, before the receipt")
    func cancelled() {
        var scene = drawing()
        scene.apply(.cancelled)
        #expect(scene.machine.unsettled.count == 2)
        scene.apply(.stopped(segment: 0, failure(unknown: USD(0.02)), startedAt: scene.now))
        scene.apply(.stopped(segment: 0, failure(unknown: USD(0.02)), startedAt: scene.now))
        scene.apply(.stopped(segment: 1, failure(wasted: USD(0.03)), startedAt: scene.now))
        #expect(scene.machine.unsettled.isEmpty)
        let receipt = scene.machine.receipt
        #expect(receipt.unknown == USD(0.02) && receipt.wasted == USD(0.03) && receipt.costs.total == USD(0.03))
        #expect(receipt.attempts.map(\.segmentID) == ["seg_1", "seg_2"])
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .cancelled && scene.machine.view.unknown == USD(0.02))
    }

    @Test("a call without a reply may have cost its price; one that was never sent costs nothing")
    func unsettled() {
        var scene = drawing()
        scene.apply(.cancelled)
        scene.apply(.stopped(segment: 0, failure(code: RPCConnection.notSettled), startedAt: scene.now))
        scene.apply(.stopped(segment: 1, failure(), startedAt: scene.now))
        #expect(scene.machine.unknown == USD(0.02) && scene.machine.attempts.count == 1)
    }

    @Test("a still that was made although the job was cancelled is paid for")
    func late() {
        var scene = drawing()
        scene.apply(.cancelled)
        scene.image(1)
        #expect(scene.machine.costs.understudy == USD(0.02) && scene.machine.segments[1].still != nil)
        scene.image(2)
        #expect(scene.machine.costs.understudy == USD(0.02), "it was not under way")
    }

    @Test("speculative stills under way when the lead delivers are booked")
    func hedge() {
        var scene = MachineScene(options: JobOptions())
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(3)))
        scene.apply(.hedged)
        scene.apply(.leadDelivered(AgentResult(video: "file:///f.mp4", cost: USD(0.15)), startedAt: scene.now))
        #expect(scene.machine.unsettled.isEmpty)
        scene.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: scene.now))
        #expect(scene.machine.unsettled.count == 2)
        scene.image(0)
        scene.apply(.stopped(segment: 1, failure(unknown: USD(0.02)), startedAt: scene.now))
        #expect(scene.machine.costs.understudy == USD(0.02) && scene.machine.unknown == USD(0.02))
        #expect(scene.machine.receipt.hedge == USD(0.02))
        #expect(scene.machine.segments[0].maker == .lead && scene.machine.segments[0].spare != nil)
    }

    @Test("a stopped lead is booked as it reports; without a report its costs are a warning")
    func lead() {
        func stopped(_ error: ServiceError) -> JobMachine {
            var scene = MachineScene(options: JobOptions())
            scene.apply(.started)
            scene.apply(.loaded(MachineScene.plan(3)))
            scene.apply(.cancelled)
            scene.apply(.stopped(segment: nil, error, startedAt: scene.now))
            return scene.machine
        }
        let told = stopped(failure(wasted: USD(0.5), unknown: USD(0.25)))
        #expect(told.costs.lead == USD(0.5) && told.wasted == USD(0.5) && told.unknown == USD(0.25))
        #expect(told.warnings.isEmpty)
        #expect(stopped(failure(code: RPCConnection.notSettled)).warnings.count == 1)
    }

    @Test("calls that end by themselves need no settlement")
    func ended() {
        var scene = drawing()
        scene.apply(
            .stillFailed(segment: 0, ServiceError(.contentRejected, "no"), startedAt: scene.now))
        #expect(scene.machine.phase.kind == .settling)
        #expect(scene.machine.unsettled == [.still(segment: 1, attempt: 0, provider: nil)])
    }

    @Test("the runner waits for the replies of the calls that it stopped")
    func runner() async throws {
        try await Stage.withFolder { folder in
            let drawing = AsyncStream.makeStream(of: String.self)
            let studio = FakeStudio(onDraw: { segment, _ in
                drawing.continuation.yield(segment.id)
                try? await Task.sleep(for: .seconds(3600))
                var error = ServiceError(.cancelled, "the caller cancelled")
                error.unknown = USD(0.02)
                throw error
            })
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let started = try await orchestra.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback)
            var iterator = drawing.stream.makeAsyncIterator()
            for _ in 0..<2 { _ = await iterator.next() }
            _ = try await orchestra.cancel(started.jobID)
            _ = try await Stage.messages(orchestra, started.jobID)
            let receipt = try await orchestra.receipt(started.jobID)
            #expect(receipt.state == .cancelled && receipt.unknown == USD(0.04))
            #expect(studio.receipts.withLock { $0.last?.unknown } == USD(0.04))
        }
    }

    @Test("a call that an earlier process stopped and did not book counts as unknown")
    func restart() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let drawing = AsyncStream.makeStream(of: String.self)
                let studio = FakeStudio(onDraw: { segment, _ in
                    drawing.continuation.yield(segment.id)
                    try await Task.sleep(for: .seconds(3600))
                })
                let orchestra = try Stage.orchestra(try JobStore(path: path), studio)
                let started = try await orchestra.start(
                    StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .fallback)
                var iterator = drawing.stream.makeAsyncIterator()
                for _ in 0..<2 { _ = await iterator.next() }
                await orchestra.stop()
                // What the process would have stored last.
                let history = try #require(try await orchestra.store.history(of: started.jobID))
                let lease = try #require(
                    try await orchestra.store.lease(
                        started.jobID, eventCount: history.events.count, for: .unique(), at: .now))
                _ = try await orchestra.store.append(
                    JournalEntry(
                        spec: history.row.spec, fence: lease.fence, number: history.events.count, events: [.cancelled],
                        at: .now))
            }
            let store = await Stage.reopen(path)
            let orchestra = try Stage.orchestra(store, FakeStudio())
            try await orchestra.resume()
            guard let id = try await store.jobs(state: nil, limit: 1, after: nil).jobs.first?.id else {
                return #expect(Bool(false))
            }
            _ = try await Stage.messages(orchestra, id)
            #expect(try await orchestra.receipt(id).unknown == USD(0.04))
        }
    }
}
