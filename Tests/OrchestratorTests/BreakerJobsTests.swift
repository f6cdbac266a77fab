import Breaker
import Contracts
import Faults
import Synchronization
import Testing

@testable import Orchestrator

@Suite struct BreakerJobsTests {
    @Test("a job goes straight to the understudy while the lead's breaker is open, and its receipt says so")
    func straight() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let studio = FakeStudio()
                let orchestra = try Stage.orchestra(try JobStore(path: path), studio)
                for _ in 0..<3 { #expect(try await Stage.run(orchestra).receipt.takeover?.breakerOpen == nil) }
                let (messages, receipt) = try await Stage.run(orchestra)
                #expect(studio.calls.withLock { $0.count { $0 == "lead" } } == 3)
                #expect(receipt.takeover?.kind == .unavailable && receipt.takeover?.breakerOpen == true)
                let error = try #require(messages.first { $0.status == .error })
                #expect(error.agentNumber == .lead)
                #expect(error.message.hasPrefix("the breaker agent5 is open after 3 failures in a row and probes"))
                #expect(messages.last?.status == .finished)
                #expect(receipt.attempts.allSatisfy { $0.agent == .understudy })
            }
            // Who is down is still known after a restart.
            let studio = FakeStudio(leadError: nil)
            let orchestra = try Stage.orchestra(await Stage.reopen(path), studio)
            #expect(try await orchestra.breaker(BreakerRequest(agent: "agent5")).state == .open)
            #expect(try await Stage.run(orchestra).receipt.takeover?.breakerOpen == true)
            #expect(try await orchestra.breaker(BreakerRequest(agent: "agent5", action: .reset)).state == .closed)
            #expect(try await Stage.run(orchestra).receipt.takeover == nil)
        }
    }

    @Test("a lead whose breaker opens between two tries is not tried again, and the reason is its own failure")
    func between() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(leadError: ServiceError(.unavailable, "connection reset"))
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            _ = try await Stage.run(orchestra)
            let second = try await Stage.run(orchestra).receipt
            #expect(studio.calls.withLock { $0.count { $0 == "lead" } } == 3)
            #expect(second.takeover?.reason == "connection reset" && second.takeover?.breakerOpen == nil)
        }
    }

    @Test("while an image provider's breaker is open cards take its place, or the job fails at once and names it")
    func images() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(onDraw: { _, provider in
                if provider == "acme" { throw ServiceError(.unavailable, "acme is down", provider: "acme") }
            })
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            var options = JobOptions()
            options.imageProvider = "acme"
            _ = try await orchestra.breaker(BreakerRequest(agent: "imagegen/acme", action: .open))
            let (failed, receipt) = try await Stage.run(orchestra, options: options, entry: .fallback)
            #expect(failed.last?.status == .error && receipt.error?.kind == .unavailable)
            #expect(failed.last?.message.contains("the breaker imagegen/acme is held open by hand") == true)
            #expect(!studio.calls.withLock { $0.contains { $0.hasPrefix("draw") } })

            options.onImageFailure = .card
            let cards = try await Stage.run(orchestra, options: options, entry: .fallback).receipt
            #expect(cards.segments.map(\.imageProvider) == ["card", "card"])

            _ = try await orchestra.breaker(BreakerRequest(agent: "imagegen/acme", action: .reset))
            for _ in 0..<2 { _ = try await Stage.run(orchestra, options: options, entry: .fallback) }
            let view = try await orchestra.breaker(BreakerRequest(agent: "imagegen/acme"))
            #expect(view.state == .open && view.failures >= 3 && !view.forced)
        }
    }

    @Test("an image provider's breaker of an earlier version is handed to imagegen once, as far as it was set by hand")
    func handOver() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let store = try JobStore(path: path)
                for (name, action) in [
                    ("imagegen/acme", BreakerAction.open), ("imagegen/card", .get), ("agent5", .open),
                ] {
                    var machine = BreakerMachine(at: .now)
                    machine.apply(action, at: .now)
                    try store.keep(machine, name: name) { Issue.record($0) }
                }
                try await store.settle()
            }
            for expected in [["acme open"], []] {
                let store = await Stage.reopen(path)
                let breakers = try Breakers(store: store, logger: Stage.logger)
                let handed = Mutex<[String]>([])
                try await breakers.handOver { provider, action in
                    handed.withLock { $0.append("\(provider) \(action.rawValue)") }
                }
                #expect(handed.withLock { $0 } == expected)
                #expect(await breakers.apply(.get, to: "agent5").forced)
            }
        }
    }

    @Test("an agent without a breaker is refused with the names of those that have one")
    func unknown() async throws {
        try await Stage.withFolder { folder in
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), FakeStudio())
            for name in ["agent7", "imagegen/acne", "../x", ""] {
                let error = await #expect(throws: ServiceError.self) {
                    try await orchestra.breaker(BreakerRequest(agent: name, action: .open))
                }
                #expect(error?.kind == .invalidParams)
                #expect(error?.message.hasPrefix("/agent: expected one of agent2, agent4, agent5") == true)
            }
        }
    }
}
