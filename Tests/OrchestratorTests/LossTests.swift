import Contracts
import Faults
import Foundation
import JSON
import Synchronization
import Testing

@testable import Orchestrator

/// Orders of stills that came to nothing, as the job books them.
@Suite struct LossTests {
    private func scene(limit: USD? = nil, card: Bool = false, segments: Int = 1) -> MachineScene {
        var options = JobOptions()
        options.maxCost = limit
        if card { options.onImageFailure = .card }
        var scene = MachineScene(entry: .fallback, options: options)
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(segments, narrated: false)))
        return scene
    }

    private func failure(wasted: USD = .zero, unknown: USD = .zero, next: Int? = nil) -> ServiceError {
        var error = ServiceError(.corruptMedia, "half a picture")
        (error.wasted, error.unknown, error.nextAttempt) = (wasted, unknown, next)
        return error
    }

    @Test("a lost order is booked, and the next try is an order of its own within the limit")
    func booked() {
        var scene = scene(limit: USD(0.05))
        scene.apply(.stillFailed(segment: 0, failure(wasted: USD(0.02), next: 1), startedAt: scene.now))
        #expect(scene.machine.wasted == USD(0.02) && scene.machine.costs.understudy == USD(0.02))
        #expect(scene.machine.work == [.still(segment: 0, attempt: 1, provider: nil)])
        scene.apply(.stillFailed(segment: 0, failure(unknown: USD(0.02)), startedAt: scene.now))
        #expect(scene.machine.unknown == USD(0.02) && scene.machine.costs.understudy == USD(0.02))
        #expect(scene.machine.work == [.settle])
        let receipt = scene.machine.receipt
        #expect(receipt.wasted == USD(0.02) && receipt.unknown == USD(0.02))
        #expect(receipt.attempts.map(\.unknown) == [nil, USD(0.02)])
        #expect(scene.machine.view.wasted == USD(0.02) && scene.machine.view.unknown == USD(0.02))
    }

    @Test("what is lost, or may be, counts against the limit", arguments: [true, false])
    func limit(_ isWasted: Bool) {
        let lost = isWasted ? failure(wasted: USD(0.02), next: 1) : failure(unknown: USD(0.02), next: 1)
        var refused = scene(limit: USD(0.03))
        refused.apply(.stillFailed(segment: 0, lost, startedAt: refused.now))
        #expect(refused.machine.error?.kind == .quotaExhausted)
        var card = scene(limit: USD(0.03), card: true)
        card.apply(.stillFailed(segment: 0, lost, startedAt: card.now))
        #expect(card.machine.work == [.still(segment: 0, attempt: 1, provider: "card")])
    }

    @Test("a failure with nothing left to try is not repeated, and a later retry is a series of its own")
    func final() {
        var scene = scene()
        scene.apply(.stillFailed(segment: 0, failure(), startedAt: scene.now))
        #expect(scene.machine.work == [.settle])
        #expect(scene.machine.segments[0].series == 1 && scene.machine.segments[0].stillAttempts == 0)
    }

    @Test("a lead's answer without a film or clips was spent for nothing, in time and late")
    func emptyAnswer() {
        for isLate in [false, true] {
            var scene = MachineScene(entry: .lead)
            scene.apply(.started)
            scene.apply(.loaded(MachineScene.plan(1, narrated: false)))
            var result = AgentResult(cost: USD(0.5))
            result.wasted = USD(0.25)
            scene.apply(isLate ? .leadLate(result) : .leadDelivered(result, startedAt: scene.now))
            #expect(scene.machine.costs.lead == USD(0.75) && scene.machine.wasted == USD(0.75))
            #expect(scene.machine.candidates.isEmpty)
        }
    }

    @Test("a narration that breaks what reads it is in no film and in no check, over stills and over the lead's clips")
    func brokenNarration() async throws {
        for leadMakesClips in [false, true] {
            try await Stage.withFolder { folder in
                let clips = (1...2).map { AgentClip(segmentID: "seg_\($0)", clip: "file:///\($0).mp4") }
                let studio = FakeStudio(
                    brokenNarrations: ["seg_2"],
                    onLead: { _, _ in
                        guard leadMakesClips else { throw ServiceError(.quotaExhausted, "no credit") }
                        return AgentResult(clips: clips)
                    })
                let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
                let run = try await Stage.run(orchestra)
                #expect(run.messages.last?.jobState == .finished)
                #expect(studio.stitched.withLock { $0.map(\.audio) } == ["file:///1.mp3", nil])
                let view = try await orchestra.view(run.messages.last?.jobId ?? "")
                #expect(view.warnings.contains { $0.hasPrefix("seg_2: two processes broke; ") }, "\(view.warnings)")
                guard !leadMakesClips else { return }
                #expect(studio.checked.withLock { $0?.segments.map(\.audio) } == ["file:///1.mp3", nil])
            }
        }
    }

    @Test("journals of before are read as they were meant: the job itself tried once more")
    func journal() throws {
        let stored = #"""
            {"imageFailed":{"_1":{"code":-32011,"data":{"kind":"unavailable","retryable":true},"message":"503"},
            "segment":0,"startedAt":"1970-01-01T00:00:00.001Z"}}
            """#
        var scene = scene()
        scene.apply(try EventFormat.decode(.init(stored.utf8)))
        #expect(scene.machine.work == [.still(segment: 0, attempt: 1, provider: nil)])
    }
}
