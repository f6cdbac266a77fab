// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import Synchronization
import Testing

@testable import Orchestrator

/// How a job books orders of stills without a usable result.
@Suite(.timeLimit(.minutes(2))) struct LostOrderTests {
    private func fixture(limit: USD? = nil, card: Bool = false, segments: Int = 1) -> JobMachineFixture {
        var options = JobOptions()
        options.maxCost = limit
        if card { options.onImageFailure = .card }
        var fixture = JobMachineFixture(entry: .fallback, options: options)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(segments, narrated: false)))
        return fixture
    }

    private func failure(wasted: USD = .zero, unknown: USD = .zero, next: Int? = nil) -> ServiceError {
        var error = ServiceError(.corruptMedia, "half a picture")
        (error.wasted, error.unknown, error.nextAttempt) = (wasted, unknown, next)
        return error
    }

    @Test
    func `a lost order is booked, and the next attempt is a new order within the budget`() {
        var fixture = fixture(limit: USD(0.05))
        fixture.apply(.stillFailed(segment: 0, failure(wasted: USD(0.02), next: 1), startedAt: fixture.now))
        #expect(fixture.machine.wasted == USD(0.02) && fixture.machine.costs.understudy == USD(0.02))
        #expect(fixture.machine.work == [.still(segment: 0, attempt: 1, provider: nil)])
        fixture.apply(.stillFailed(segment: 0, failure(unknown: USD(0.02)), startedAt: fixture.now))
        #expect(fixture.machine.unknown == USD(0.02) && fixture.machine.costs.understudy == USD(0.02))
        #expect(fixture.machine.work == [.settle])
        let receipt = fixture.machine.receipt
        #expect(receipt.wasted == USD(0.02) && receipt.unknown == USD(0.02))
        #expect(receipt.attempts.map(\.unknown) == [nil, USD(0.02)])
        #expect(fixture.machine.view.wasted == USD(0.02) && fixture.machine.view.unknown == USD(0.02))
    }

    @Test(arguments: [true, false])
    func `wasted and unknown costs count against the budget`(_ isWasted: Bool) {
        let lost = isWasted ? failure(wasted: USD(0.02), next: 1) : failure(unknown: USD(0.02), next: 1)
        var refused = fixture(limit: USD(0.03))
        refused.apply(.stillFailed(segment: 0, lost, startedAt: refused.now))
        #expect(refused.machine.error?.kind == .quotaExhausted)
        var card = fixture(limit: USD(0.03), card: true)
        card.apply(.stillFailed(segment: 0, lost, startedAt: card.now))
        #expect(card.machine.work == [.still(segment: 0, attempt: 1, provider: "card")])
    }

    @Test
    func `a failure without a next attempt is final; a later retry starts a new series`() {
        var fixture = fixture()
        fixture.apply(.stillFailed(segment: 0, failure(), startedAt: fixture.now))
        #expect(fixture.machine.work == [.settle])
        #expect(fixture.machine.segments[0].series == 1 && fixture.machine.segments[0].stillAttempts == 0)
    }

    @Test
    func `the costs of a lead's result without film or clips are wasted, in time and late`() {
        for isLate in [false, true] {
            var fixture = JobMachineFixture(entry: .lead)
            fixture.apply(.started)
            fixture.apply(.loaded(JobMachineFixture.plan(1, narrated: false)))
            var result = AgentResult(cost: USD(0.5))
            result.wasted = USD(0.25)
            fixture.apply(isLate ? .leadLate(result) : .leadDelivered(result, startedAt: fixture.now))
            #expect(fixture.machine.costs.lead == USD(0.75) && fixture.machine.wasted == USD(0.75))
            #expect(fixture.machine.candidates.isEmpty)
        }
    }

    @Test
    func `a call of the lead that was lost with its process is repeated as such, which waits for the next process`()
        async throws
    {
        for (cause, expected) in [
            (FaultCause.replicaLost, "lead again"), (.replicaUnreachable, "lead"), (.noReplica, "lead"),
        ] {
            try await JobFixture.withFolder { folder in
                let services = FakeJobServices(leadError: ServiceError(.unavailable, "gone", cause: cause))
                let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
                let run = try await JobFixture.run(registry)
                #expect(run.messages.last?.jobState == .finished)
                let calls = services.calls.withLock { $0.filter { $0.hasPrefix("lead") } }
                #expect(calls == ["lead", expected])
            }
        }
    }

    @Test
    func `a narration that crashes replicas is left out of the film and of its verification`() async throws {
        for leadMakesClips in [false, true] {
            try await JobFixture.withFolder { folder in
                let clips = (1...2).map { AgentClip(segmentID: "seg_\($0)", clip: "file:///\($0).mp4") }
                let services = FakeJobServices(
                    brokenNarrations: ["seg_2"],
                    onLead: { _, _ in
                        guard leadMakesClips else { throw ServiceError(.quotaExhausted, "no credit") }
                        return AgentResult(clips: clips)
                    })
                let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
                let run = try await JobFixture.run(registry)
                #expect(run.messages.last?.jobState == .finished)
                #expect(services.stitched.withLock { $0.map(\.audio) } == ["file:///1.mp3", nil])
                let view = try await registry.view(run.messages.last?.jobId ?? "")
                #expect(view.warnings.contains { $0.hasPrefix("seg_2: two processes broke; ") }, "\(view.warnings)")
                guard !leadMakesClips else { return }
                #expect(services.checked.withLock { $0?.segments.map(\.audio) } == ["file:///1.mp3", nil])
            }
        }
    }

    @Test
    func `a still failure of journal version 1 is retried once, as in that version`() throws {
        let stored = #"""
            {"imageFailed":{"_1":{"code":-32011,"data":{"kind":"unavailable","retryable":true},"message":"503"},
            "segment":0,"startedAt":"1970-01-01T00:00:00.001Z"}}
            """#
        var fixture = fixture()
        fixture.apply(try EventFormat.decode(.init(stored.utf8)))
        #expect(fixture.machine.work == [.still(segment: 0, attempt: 1, provider: nil)])
    }
}
