// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults
import Synchronization
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct BreakerJobsTests {
    @Test
    func `a job skips the lead while its breaker is open, and the receipt reports it`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let services = FakeJobServices()
                let registry = try JobFixture.registry(try JobStore(path: path), services)
                for _ in 0..<3 { #expect(try await JobFixture.run(registry).receipt.takeover?.isBreakerOpen == nil) }
                let (messages, receipt) = try await JobFixture.run(registry)
                #expect(services.calls.withLock { $0.count { $0 == "lead" } } == 3)
                #expect(receipt.takeover?.kind == .unavailable && receipt.takeover?.isBreakerOpen == true)
                let error = try #require(messages.first { $0.status == .error })
                #expect(error.agentNumber == .lead)
                #expect(
                    error.message.hasPrefix(
                        "the breaker agent5 is open after 3 failures in a row and allows a test call at "))
                #expect(messages.last?.status == .finished)
                #expect(receipt.attempts.allSatisfy { $0.agent == .understudy })
            }
            // The breaker is still open after a restart.
            let services = FakeJobServices(leadError: nil)
            let registry = try JobFixture.registry(try await JobFixture.reopen(path), services)
            #expect(try await registry.breaker(BreakerRequest(agent: "agent5")).state == .open)
            #expect(try await JobFixture.run(registry).receipt.takeover?.isBreakerOpen == true)
            #expect(try await registry.breaker(BreakerRequest(agent: "agent5", action: .reset)).state == .closed)
            #expect(try await JobFixture.run(registry).receipt.takeover == nil)
        }
    }

    @Test
    func `a lead whose breaker opens between two attempts is not retried; the reason is its own failure`() async throws
    {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(leadError: ServiceError(.unavailable, "connection reset"))
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            _ = try await JobFixture.run(registry)
            let second = try await JobFixture.run(registry).receipt
            #expect(services.calls.withLock { $0.count { $0 == "lead" } } == 3)
            #expect(second.takeover?.reason == "connection reset" && second.takeover?.isBreakerOpen == nil)
        }
    }

    @Test
    func `with an open image provider breaker, cards are drawn or the job fails and names the breaker`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(onDraw: { _, provider in
                if provider == "acme" { throw ServiceError(.unavailable, "acme is down", provider: "acme") }
            })
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            var options = JobOptions()
            options.imageProvider = "acme"
            _ = try await registry.breaker(BreakerRequest(agent: "imagegen/acme", action: .open))
            let (failed, receipt) = try await JobFixture.run(registry, options: options, entry: .fallback)
            #expect(failed.last?.status == .error && receipt.error?.kind == .unavailable)
            #expect(failed.last?.message.contains("the breaker imagegen/acme is forced open") == true)
            #expect(!services.calls.withLock { $0.contains { $0.hasPrefix("draw") } })

            options.onImageFailure = .card
            let cards = try await JobFixture.run(registry, options: options, entry: .fallback).receipt
            #expect(cards.segments.map(\.imageProvider) == ["card", "card"])

            _ = try await registry.breaker(BreakerRequest(agent: "imagegen/acme", action: .reset))
            for _ in 0..<2 { _ = try await JobFixture.run(registry, options: options, entry: .fallback) }
            let view = try await registry.breaker(BreakerRequest(agent: "imagegen/acme"))
            #expect(view.state == .open && view.failures >= 3 && !view.isForced)
        }
    }

    @Test
    func `overrides of image provider breakers stored by an earlier version migrate to imagegen once`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let store = try JobStore(path: path)
                for (name, action) in [
                    ("imagegen/acme", BreakerAction.open), ("imagegen/card", .get), ("agent5", .open),
                ] {
                    var machine = BreakerMachine(at: .now)
                    machine.apply(action, at: .now)
                    try store.saveBreaker(machine, name: name) { Issue.record($0) }
                }
                try await store.flush()
            }
            for expected in [["acme open"], []] {
                let store = try await JobFixture.reopen(path)
                let breakers = try Breakers(store: store, logger: JobFixture.logger)
                let migrated = Mutex<[String]>([])
                try await breakers.migrateImageBreakers { provider, action in
                    migrated.withLock { $0.append("\(provider) \(action.rawValue)") }
                }
                #expect(migrated.withLock { $0 } == expected)
                #expect(await breakers.apply(.get, to: "agent5").isForced)
            }
        }
    }

    @Test
    func `an unknown breaker is rejected with a list of the known ones`() async throws {
        try await JobFixture.withFolder { folder in
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), FakeJobServices())
            for name in ["agent7", "imagegen/acne", "../x", ""] {
                let error = await #expect(throws: ServiceError.self) {
                    try await registry.breaker(BreakerRequest(agent: name, action: .open))
                }
                #expect(error?.kind == .invalidParams)
                #expect(error?.message.hasPrefix("/agent: expected one of agent2, agent4, agent5") == true)
            }
        }
    }
}
