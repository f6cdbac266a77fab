// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import Testing

@testable import Orchestrator

/// The states of segments in a job's view.
@Suite(.timeLimit(.minutes(2))) struct SegmentStateTests {
    private func fallbackJob(_ count: Int, _ options: JobOptions = JobOptions()) -> JobMachineFixture {
        var fixture = JobMachineFixture(entry: .fallback, options: options)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(count)))
        return fixture
    }

    private func states(_ fixture: JobMachineFixture) -> [SegmentState] { fixture.machine.view.segments.map(\.state) }

    @Test
    func `a segment's state is the step in progress, from its still to its narration`() {
        var fixture = fallbackJob(3)
        #expect(states(fixture) == [.drawing, .drawing, .waiting])
        fixture.image(1)
        #expect(states(fixture) == [.drawing, .clipping, .drawing])
        fixture.clip(1)
        #expect(states(fixture) == [.drawing, .narrating, .drawing])
        fixture.narrate(1)
        #expect(states(fixture) == [.drawing, .done, .drawing])
    }

    @Test
    func `a stopped job shows which parts of a segment exist`() {
        var fixture = fallbackJob(4)
        fixture.image(0)
        fixture.image(1)
        fixture.clip(1)
        fixture.apply(.cancelled)
        #expect(states(fixture) == [.drawn, .clipped, .waiting, .waiting])
        fixture.apply(.settled(warning: nil))
        #expect(states(fixture) == [.drawn, .clipped, .waiting, .waiting])
        fixture.apply(.retried(.failed))
        fixture.apply(.started)
        #expect(states(fixture).prefix(2) == [.drawing, .narrating])
    }

    @Test
    func `stills prepared while the lead works are visible`() {
        var fixture = JobMachineFixture()
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(3)))
        #expect(states(fixture) == [.waiting, .waiting, .waiting])
        fixture.apply(.hedged)
        #expect(states(fixture) == [.drawing, .drawing, .waiting])
        fixture.image(0)
        #expect(states(fixture) == [.drawn, .drawing, .drawing])
    }

    @Test
    func `a segment whose still failed permanently is failed`() {
        var fixture = fallbackJob(2)
        fixture.apply(.stillFailed(segment: 0, ServiceError(.contentRejected, "no"), startedAt: fixture.now))
        #expect(states(fixture) == [.failed, .waiting])
    }

    @Test
    func `a replayed journal gives the same segment states`() {
        var fixture = fallbackJob(2)
        fixture.image(0)
        let event = JobEvent.imageMade(
            segment: 0,
            image: GeneratedImage(
                image: "i", width: 1, height: 1, mediaType: "m", provider: "p", model: "m", cost: .zero, attempts: 1,
                isCached: false), startedAt: fixture.now)
        let events = [JobEvent.started, .loaded(JobMachineFixture.plan(2)), event]
        let row = JobRow(number: 1, spec: fixture.machine.spec, createdAt: fixture.machine.createdAt, state: .running)
        let folded = JobRunner.fold(row, events.map { RecordedEvent(at: fixture.now, event: $0) })
        #expect(folded.view.segments.map(\.state) == states(fixture))
    }

    @Test
    func `the page has a label for every segment state`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = try String(
            contentsOf: root.appending(path: "services/dashboard/Assets/format.js"), encoding: .utf8)
        for state in SegmentState.allCases { #expect(script.contains(" \(state.rawValue): [\""), "\(state)") }
    }
}
