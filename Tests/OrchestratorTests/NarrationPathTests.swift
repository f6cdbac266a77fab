import Contracts
import Faults
import ServicePool
import Testing

@testable import Orchestrator

/// When the narrations of clips hold up the film, and what becomes of those that turn out to be unusable.
@Suite struct NarrationPathTests {
    private let broken = ServiceError(.corruptMedia, "not a sound file")

    /// A job of two segments that has both clips and no narration.
    private func clipped(_ backend: StitchBackend?) -> MachineScene {
        var scene = MachineScene(entry: .fallback)
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(2, stitchBackend: backend)))
        for index in 0..<2 {
            scene.image(index)
            scene.clip(index)
        }
        return scene
    }

    private func stitched(_ scene: inout MachineScene, _ warnings: [String]? = nil) {
        var film = MachineScene.film
        film.warnings = warnings
        scene.apply(.stitched(film, startedAt: scene.now))
    }

    @Test("a film of this machine is stitched while its clips are narrated, and checked when they are")
    func beside() {
        var scene = clipped(.local)
        #expect(scene.machine.work == [.stitch, .narrate(segment: 0), .narrate(segment: 1)])
        #expect(scene.machine.view.segments.map(\.state) == [.narrating, .narrating])
        scene.narrate(1)
        #expect(scene.machine.work == [.stitch, .narrate(segment: 0)])
        stitched(&scene)
        #expect(scene.machine.work == [.narrate(segment: 0)])
        scene.narrate(0)
        #expect(scene.machine.work == [.verifyFilm])
        scene.apply(.filmVerified(warnings: nil, startedAt: scene.now))
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .finished && scene.machine.warnings.isEmpty)
        #expect(scene.machine.view.segments.map(\.state) == [.done, .done])
    }

    @Test(
        "where MediaConvert may stitch, or the backend is unknown, narrations come first",
        arguments: [
            StitchBackend.mediaconvert, .auto, nil,
        ])
    func first(_ backend: StitchBackend?) {
        var scene = clipped(backend)
        #expect(scene.machine.work == [.narrate(segment: 0), .narrate(segment: 1)])
        scene.narrate(0)
        #expect(scene.machine.work == [.narrate(segment: 1)])
        scene.narrate(1)
        #expect(scene.machine.work == [.stitch])
    }

    @Test("a narration that cannot be used is one warning, whoever found out first", arguments: [true, false])
    func oneWarning(_ stitcherFirst: Bool) {
        let warning = "seg_1: not a sound file; this part of the film is silent"
        var scene = clipped(.local)
        if stitcherFirst { stitched(&scene, [warning]) }
        scene.apply(.narrationFailed(segment: 0, broken, startedAt: scene.now))
        scene.narrate(1)
        if !stitcherFirst { stitched(&scene, [warning]) }
        #expect(scene.machine.work == [.verifyFilm])
        #expect(scene.machine.warnings == [warning])
    }

    @Test(
        "a stitching that fails beside a narration that fails is done once more, whatever ends first",
        arguments: [
            true, false,
        ])
    func again(_ stitcherFirst: Bool) {
        var scene = clipped(.local)
        scene.narrate(1)
        let failure = JobEvent.stitchFailed(ServiceError(.corruptMedia, "the stitcher broke"), startedAt: scene.now)
        if stitcherFirst {
            scene.apply(failure)
            #expect(scene.machine.work == [.narrate(segment: 0)])
        }
        scene.apply(.narrationFailed(segment: 0, broken, startedAt: scene.now))
        if !stitcherFirst { scene.apply(failure) }
        #expect(scene.machine.work == [.stitch])
        #expect(scene.drafts.last?.message.hasSuffix("without the narrations that cannot be used") == true)
        // A second time there is nothing to leave out.
        scene.apply(failure)
        #expect(scene.machine.work == [.settle] && scene.machine.decidedState == .error)
    }

    @Test("a stitching that fails although all narrations are good has failed")
    func fails() {
        var scene = clipped(.local)
        scene.apply(.stitchFailed(ServiceError(.tooLarge, "too long"), startedAt: scene.now))
        scene.narrate(0)
        scene.narrate(1)
        #expect(scene.machine.work == [.settle] && scene.machine.error?.message.contains("too long") == true)
    }

    @Test("a job that is cancelled between both is cancelled")
    func cancelled() {
        var scene = clipped(.local)
        stitched(&scene)
        scene.apply(.cancelled)
        #expect(scene.machine.work == [.settle])
        scene.narrate(0)
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .cancelled)
        // The film is not verified.
        #expect(scene.machine.view.videoURL == nil)
    }
}
