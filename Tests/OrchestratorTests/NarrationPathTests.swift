// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import ServicePool
import Testing

@testable import Orchestrator

/// When stitching waits for the narrations of the clips, and how unusable narrations are handled.
@Suite(.timeLimit(.minutes(2))) struct NarrationPathTests {
    private let broken = ServiceError(.corruptMedia, "not a sound file")

    /// A job of two segments whose clips are ready and have no narration yet.
    private func clipped(_ backend: StitchBackend?) -> JobMachineFixture {
        var fixture = JobMachineFixture(entry: .fallback)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(2, stitchBackend: backend)))
        for index in 0..<2 {
            fixture.image(index)
            fixture.clip(index)
        }
        return fixture
    }

    private func stitched(_ fixture: inout JobMachineFixture, _ warnings: [String]? = nil) {
        var film = JobMachineFixture.film
        film.warnings = warnings
        fixture.apply(.stitched(film, startedAt: fixture.now))
    }

    @Test
    func `a local film is stitched while narrations are added, and verified after them`() {
        var fixture = clipped(.local)
        #expect(fixture.machine.work == [.stitch, .narrate(segment: 0), .narrate(segment: 1)])
        #expect(fixture.machine.view.segments.map(\.state) == [.narrating, .narrating])
        fixture.narrate(1)
        #expect(fixture.machine.work == [.stitch, .narrate(segment: 0)])
        stitched(&fixture)
        #expect(fixture.machine.work == [.narrate(segment: 0)])
        fixture.narrate(0)
        #expect(fixture.machine.work == [.verifyFilm])
        fixture.apply(.filmVerified(warnings: nil, startedAt: fixture.now))
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .finished && fixture.machine.warnings.isEmpty)
        #expect(fixture.machine.view.segments.map(\.state) == [.done, .done])
    }

    @Test(arguments: [
        StitchBackend.mediaconvert, .auto, nil,
    ])
    func `with MediaConvert or an unknown backend, stitching waits for the narrations`(_ backend: StitchBackend?) {
        var fixture = clipped(backend)
        #expect(fixture.machine.work == [.narrate(segment: 0), .narrate(segment: 1)])
        fixture.narrate(0)
        #expect(fixture.machine.work == [.narrate(segment: 1)])
        fixture.narrate(1)
        #expect(fixture.machine.work == [.stitch])
    }

    @Test(arguments: [true, false])
    func `an unusable narration is one warning, whichever step reports it first`(_ stitcherFirst: Bool) {
        let warning = "seg_1: not a sound file; this part of the film is silent"
        var fixture = clipped(.local)
        if stitcherFirst { stitched(&fixture, [warning]) }
        fixture.apply(.narrationFailed(segment: 0, broken, startedAt: fixture.now))
        fixture.narrate(1)
        if !stitcherFirst { stitched(&fixture, [warning]) }
        #expect(fixture.machine.work == [.verifyFilm])
        #expect(fixture.machine.warnings == [warning])
    }

    @Test(arguments: [
        true, false,
    ])
    func `a failed stitch is retried once if a narration failed too, in either order`(_ stitcherFirst: Bool) {
        var fixture = clipped(.local)
        fixture.narrate(1)
        let failure = JobEvent.stitchFailed(ServiceError(.corruptMedia, "the stitcher broke"), startedAt: fixture.now)
        if stitcherFirst {
            fixture.apply(failure)
            #expect(fixture.machine.work == [.narrate(segment: 0)])
        }
        fixture.apply(.narrationFailed(segment: 0, broken, startedAt: fixture.now))
        if !stitcherFirst { fixture.apply(failure) }
        #expect(fixture.machine.work == [.stitch])
        #expect(fixture.drafts.last?.message.hasSuffix("without the narrations that cannot be used") == true)
        // The second failure has no narration to leave out.
        fixture.apply(failure)
        #expect(fixture.machine.work == [.settle] && fixture.machine.decidedState == .error)
    }

    @Test
    func `a failed stitch with usable narrations fails the job`() {
        var fixture = clipped(.local)
        fixture.apply(.stitchFailed(ServiceError(.tooLarge, "too long"), startedAt: fixture.now))
        fixture.narrate(0)
        fixture.narrate(1)
        #expect(fixture.machine.work == [.settle] && fixture.machine.error?.message.contains("too long") == true)
    }

    @Test
    func `a job cancelled between stitching and narrating ends cancelled`() {
        var fixture = clipped(.local)
        stitched(&fixture)
        fixture.apply(.cancelled)
        #expect(fixture.machine.work == [.settle])
        fixture.narrate(0)
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .cancelled)
        // The film was not verified.
        #expect(fixture.machine.view.videoURL == nil)
    }
}
