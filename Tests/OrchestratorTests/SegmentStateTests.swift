import Contracts
import Faults
import Foundation
import Testing

@testable import Orchestrator

/// Where each segment stands, as a view shows it.
@Suite struct SegmentStateTests {
    private func making(_ count: Int, _ options: JobOptions = JobOptions()) -> MachineScene {
        var scene = MachineScene(entry: .fallback, options: options)
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(count)))
        return scene
    }

    private func states(_ scene: MachineScene) -> [SegmentState] { scene.machine.view.segments.map(\.state) }

    @Test("a segment shows the step that is under way, from its still to its narration") func steps() {
        var scene = making(3)
        #expect(states(scene) == [.drawing, .drawing, .waiting])
        scene.image(1)
        #expect(states(scene) == [.drawing, .clipping, .drawing])
        scene.clip(1)
        #expect(states(scene) == [.drawing, .narrating, .drawing])
        scene.narrate(1)
        #expect(states(scene) == [.drawing, .done, .drawing])
    }

    @Test("when nothing is under way any more, a segment shows what there is of it") func stopped() {
        var scene = making(4)
        scene.image(0)
        scene.image(1)
        scene.clip(1)
        scene.apply(.cancelled)
        #expect(states(scene) == [.drawn, .clipped, .waiting, .waiting])
        scene.apply(.settled(warning: nil))
        #expect(states(scene) == [.drawn, .clipped, .waiting, .waiting])
        scene.apply(.retried(.failed))
        scene.apply(.started)
        #expect(states(scene).prefix(2) == [.drawing, .narrating])
    }

    @Test("stills that are prepared while the lead works are shown as they are drawn") func hedge() {
        var scene = MachineScene()
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(3)))
        #expect(states(scene) == [.waiting, .waiting, .waiting])
        scene.apply(.hedged)
        #expect(states(scene) == [.drawing, .drawing, .waiting])
        scene.image(0)
        #expect(states(scene) == [.drawn, .drawing, .drawing])
    }

    @Test("a segment whose still failed for good is failed, whatever is under way beside it") func failed() {
        var scene = making(2)
        scene.apply(.stillFailed(segment: 0, ServiceError(.contentRejected, "no"), startedAt: scene.now))
        #expect(states(scene) == [.failed, .waiting])
    }

    @Test("states cost no events: a journal that is folded again shows the same ones") func folded() {
        var scene = making(2)
        scene.image(0)
        let event = JobEvent.imageMade(
            segment: 0,
            image: GeneratedImage(
                image: "i", width: 1, height: 1, mediaType: "m", provider: "p", model: "m", cost: .zero, attempts: 1,
                cached: false), startedAt: scene.now)
        let events = [JobEvent.started, .loaded(MachineScene.plan(2)), event]
        let row = JobRow(number: 1, spec: scene.machine.spec, createdAt: scene.machine.createdAt, state: .running)
        let folded = JobRunner.fold(row, events.map { RecordedEvent(at: scene.now, event: $0) })
        #expect(folded.view.segments.map(\.state) == states(scene))
    }

    @Test("the page has a word for every state") func words() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = try String(
            contentsOf: root.appending(path: "services/dashboard/Assets/format.js"), encoding: .utf8)
        for state in SegmentState.allCases { #expect(script.contains(" \(state.rawValue): [\""), "\(state)") }
    }
}
