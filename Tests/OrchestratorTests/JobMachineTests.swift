// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import ServicePool
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct JobMachineTests {
    private let quota = ServiceError(.quotaExhausted, "no credit", provider: "acme")
    private let reset = ServiceError(.unavailable, "connection reset")

    private func atLead(_ options: JobOptions = JobOptions(), segments: Int = 2) -> JobMachineFixture {
        var fixture = JobMachineFixture(options: options)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(segments)))
        return fixture
    }

    @Test
    func `the lead's film ends the job without any work of the understudy`() {
        var fixture = atLead()
        #expect(fixture.machine.work == [.lead(attempt: 1)])
        fixture.apply(.leadDelivered(AgentResult(video: "file:///f.mp4", cost: USD(0.15)), startedAt: fixture.now))
        #expect(fixture.machine.work == [.checkLeadFilm])
        fixture.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: fixture.now))
        #expect(fixture.machine.work == [.settle])
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .finished)
        #expect(fixture.machine.agents[.understudy] == nil)
        #expect(fixture.drafts.last?.agent == .lead)
        #expect(fixture.drafts.last?.status == .finished)
        #expect(fixture.drafts.last?.videoURL == "file:///final.mp4")
        #expect(fixture.machine.costs.total == USD(0.15))
    }

    @Test
    func `the takeover posts the message that the page expects and records the reason`() {
        var fixture = atLead()
        let drafts = fixture.apply(.leadFailed(quota, startedAt: fixture.now))
        #expect(drafts.map(\.agent) == [.lead, .understudy, .understudy])
        #expect(drafts.map(\.status) == [.error, .processing, .starting])
        #expect(drafts[1].message == "Agent5 failed, starting Agent6 fallback...")
        #expect(fixture.machine.takeover?.kind == .quotaExhausted)
        #expect(fixture.machine.takeover?.provider == "acme")
    }

    @Test
    func `an unavailable lead is retried once; quota, timeout and damaged film lead to a takeover at once`() {
        var fixture = atLead()
        fixture.apply(.leadFailed(reset, startedAt: fixture.now))
        #expect(fixture.machine.work == [.lead(attempt: 2)])
        fixture.apply(.leadFailed(reset, startedAt: fixture.now))
        #expect(fixture.machine.takeover?.kind == .unavailable)
        for kind in [ErrorKind.quotaExhausted, .timeout, .contentRejected, .corruptMedia] {
            var fixture = atLead()
            fixture.apply(.leadFailed(ServiceError(kind, "x"), startedAt: fixture.now))
            #expect(fixture.machine.takeover?.kind == kind)
        }
        var none = atLead()
        none.apply(
            .leadFailed(
                ServiceError(.unavailable, "no video provider is configured", retryable: false), startedAt: none.now))
        #expect(none.machine.takeover?.reason == "no video provider is configured")
    }

    @Test
    func `a rate limit is waited out if that fits the deadline, and leads to a takeover if not`() {
        var short = atLead()
        short.apply(.leadFailed(ServiceError(.rateLimited, "slow", retryAfter: 2), startedAt: short.now))
        #expect(short.machine.work == [.lead(attempt: 2)])
        #expect(short.machine.leadNotBefore?.milliseconds == short.now.milliseconds + 2000)
        var long = atLead()
        long.apply(.leadFailed(ServiceError(.rateLimited, "slow", retryAfter: 7200), startedAt: long.now))
        #expect(long.machine.takeover?.kind == .rateLimited)
    }

    @Test
    func `a lead whose failure is not retryable or has wasted money is not called again`() {
        var unknown = ServiceError(.unavailable, "x", retryable: true)
        unknown.unknown = USD(0.5)
        var wasted = ServiceError(.rateLimited, "x", retryable: true, retryAfter: 1)
        wasted.wasted = USD(0.5)
        for error in [
            ServiceError(.rateLimited, "x", retryable: false, retryAfter: 1),
            ServiceError(.busy, "x", retryable: false),
            ServiceError(.unavailable, "x", retryable: false), unknown, wasted,
        ] {
            var fixture = atLead()
            fixture.apply(.leadFailed(error, startedAt: fixture.now))
            #expect(fixture.machine.takeover?.kind == error.kind, "\(error)")
        }
    }

    @Test
    func `a retry after a lost reply repeats the same call; a retry after a reply is a new call`() {
        var lost = ServiceError(.unavailable, "x", retryable: true)
        for (code, expected) in [(ServicePools.replicaLost, 0), ("503", 1)] {
            lost.providerCode = code
            var fixture = atLead()
            #expect(fixture.machine.leadCallNumber == 0)
            fixture.apply(.leadFailed(lost, startedAt: fixture.now))
            #expect(fixture.machine.leadCallNumber == expected && fixture.machine.takeover == nil, "\(code)")
        }
    }

    @Test
    func `costs are reported as unknown if no process of the lead answers the repeated call`() {
        let lost = ServiceError(.unavailable, "x", retryable: true, cause: .replicaLost)
        let answered = ServiceError(.unavailable, "x", retryable: true)
        let absent = ServiceError(.unavailable, "x", retryable: true, cause: .noReplica)
        let refused = ServiceError(.unavailable, "x", retryable: true, cause: .replicaUnreachable)
        for (errors, isUnknown) in [
            ([lost, absent], true), ([lost, refused], true), ([refused, refused], false), ([lost, lost], true),
            ([lost, answered], false), ([absent, absent], false),
        ] {
            var fixture = atLead()
            for error in errors { fixture.apply(.leadFailed(error, startedAt: fixture.now)) }
            let warnings = fixture.machine.warnings
            #expect(warnings.contains { $0.hasSuffix("its costs are unknown") } == isUnknown, "\(errors): \(warnings)")
        }
    }

    @Test
    func `stills are drawn in order, two concurrently; clips and narrations start as soon as possible`() {
        var fixture = atLead(segments: 3)
        fixture.apply(.leadFailed(quota, startedAt: fixture.now))
        #expect(
            fixture.machine.work == [
                .still(segment: 0, attempt: 0, provider: nil), .still(segment: 1, attempt: 0, provider: nil),
            ])
        fixture.image(1)
        #expect(
            fixture.machine.work == [
                .still(segment: 0, attempt: 0, provider: nil), .still(segment: 2, attempt: 0, provider: nil),
                .clip(segment: 1),
            ])
        fixture.image(0)
        fixture.image(2)
        fixture.clip(1)
        #expect(fixture.machine.work == [.clip(segment: 0), .narrate(segment: 1), .clip(segment: 2)])
        for index in [0, 2] { fixture.clip(index) }
        for index in 0..<3 { fixture.narrate(index) }
        #expect(fixture.machine.work == [.stitch])
        fixture.apply(.stitched(JobMachineFixture.film, startedAt: fixture.now))
        #expect(fixture.machine.work == [.verifyFilm])
        fixture.apply(.filmVerified(warnings: nil, startedAt: fixture.now))
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .finished)
        #expect(fixture.machine.progress == Progress(done: 7, total: 7))
        #expect(fixture.machine.costs.understudy == USD(0.063))
        #expect(fixture.machine.receipt.segments.allSatisfy { $0.maker == .understudy })
    }

    @Test
    func `a rejected film is stitched again only if it is a local one with copied pictures`() {
        var encoded = JobMachineFixture.film
        (encoded.copiedFrames, encoded.encodedFrames) = (0, 900)
        var cloud = JobMachineFixture.film
        cloud.backend = .mediaconvert
        for film in [encoded, cloud, JobMachineFixture.film] {
            var fixture = JobMachineFixture(entry: .fallback)
            fixture.apply(.started)
            fixture.apply(.loaded(JobMachineFixture.plan(1, narrated: false)))
            fixture.image(0)
            fixture.clip(0)
            fixture.apply(.stitched(film, startedAt: fixture.now))
            let isCopied = film.backend == .local && film.copiedFrames > 0
            #expect(fixture.machine.mayReencodeFilm == isCopied)
            fixture.apply(.filmSpoiled(reset, startedAt: fixture.now))
            #expect(fixture.machine.work == (isCopied ? [.stitch] : [.verifyFilm]))
            guard isCopied else { continue }
            #expect(fixture.machine.reencodesFilm && fixture.machine.videoURL == nil)
            fixture.apply(.stitched(film, startedAt: fixture.now))
            #expect(!fixture.machine.mayReencodeFilm)
            fixture.apply(.filmRejected(reset, startedAt: fixture.now))
            #expect(fixture.machine.work == [.settle])
        }
    }

    @Test
    func `an image is attempted twice, then the understudy fails and reports both causes`() {
        var fixture = atLead()
        fixture.apply(.leadFailed(quota, startedAt: fixture.now))
        fixture.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "image server down"), startedAt: fixture.now))
        #expect(fixture.machine.work.contains(.still(segment: 0, attempt: 1, provider: nil)))
        fixture.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "image server down"), startedAt: fixture.now))
        #expect(fixture.machine.work == [.settle])
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .error)
        #expect(
            fixture.machine.error?.message
                == "Agent6 failed: seg_1: image server down; before that Agent5 failed: no credit")
    }

    @Test
    func `a card replaces a failed still if the options allow it`() {
        var options = JobOptions()
        options.onImageFailure = .card
        var fixture = atLead(options)
        fixture.apply(.leadFailed(quota, startedAt: fixture.now))
        fixture.apply(.imageFailed(segment: 0, ServiceError(.contentRejected, "unsafe"), startedAt: fixture.now))
        #expect(fixture.machine.work.contains(.still(segment: 0, attempt: 1, provider: "card")))
        #expect(fixture.machine.warnings.count == 1)
    }

    @Test
    func `an unreadable narration is a warning and does not fail the film`() {
        var fixture = atLead(segments: 1)
        fixture.apply(.leadFailed(quota, startedAt: fixture.now))
        fixture.image(0)
        fixture.clip(0)
        fixture.apply(
            .narrationFailed(segment: 0, ServiceError(.corruptMedia, "1.mp3 is text"), startedAt: fixture.now))
        #expect(fixture.machine.work == [.stitch])
        #expect(fixture.machine.warnings == ["seg_1: 1.mp3 is text; this part of the film is silent"])
    }

    @Test
    func `the cost of finished calls and calls in flight stays within the budget`() {
        var options = JobOptions()
        options.maxCost = USD(0.03)
        var fixture = atLead(options)
        fixture.apply(.leadFailed(quota, startedAt: fixture.now))
        #expect(fixture.machine.work == [.still(segment: 0, attempt: 0, provider: nil)])
        fixture.image(0)
        #expect(fixture.machine.work == [.clip(segment: 0)])
        fixture.clip(0)
        fixture.narrate(0)
        #expect(fixture.machine.phase.kind == .settling)
        #expect(fixture.machine.error?.kind == .quotaExhausted)
        options.onImageFailure = .card
        var cards = atLead(options)
        cards.apply(.leadFailed(quota, startedAt: cards.now))
        #expect(
            cards.machine.work == [
                .still(segment: 0, attempt: 0, provider: nil), .still(segment: 1, attempt: 0, provider: "card"),
            ])
    }

    @Test
    func `with the fallback segments, the lead's good clips are kept and only the others are made`() {
        var options = JobOptions()
        options.fallback = .segments
        var fixture = atLead(options)
        let clips = [
            AgentClip(segmentID: "seg_1", clip: "file:///a.mp4"), AgentClip(segmentID: "seg_2", error: quota),
        ]
        fixture.apply(.leadDelivered(AgentResult(clips: clips), startedAt: fixture.now))
        #expect(fixture.machine.work == [.checkLeadClips])
        fixture.apply(.leadClipsChecked(good: ["seg_1"], bad: ["seg_2": quota], startedAt: fixture.now))
        #expect(fixture.machine.work == [.still(segment: 1, attempt: 0, provider: nil)])
        #expect(fixture.machine.segments.map(\.maker) == [.lead, nil])
    }

    @Test
    func `a late delivery of the lead is booked and kept as a candidate, once`() {
        var fixture = atLead()
        fixture.apply(.leadFailed(ServiceError(.timeout, "silent"), startedAt: fixture.now))
        let work = fixture.machine.work
        for _ in 0..<2 { fixture.apply(.leadLate(AgentResult(video: "file:///late.mp4", cost: USD(0.15)))) }
        #expect(fixture.machine.work == work)
        let receipt = fixture.machine.receipt
        #expect(receipt.candidates?.map(\.video) == ["file:///late.mp4"])
        #expect(receipt.costs.lead == USD(0.15) && receipt.wasted == USD(0.15))
        #expect(receipt.segments.allSatisfy { $0.maker == nil })
        #expect(fixture.machine.agents[.lead]?.status == .error)
    }

    @Test
    func `a cancelled job has no work and ignores late results`() {
        var fixture = atLead()
        fixture.apply(.cancelled)
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .cancelled)
        #expect(fixture.machine.work.isEmpty)
        fixture.apply(.leadDelivered(AgentResult(video: "file:///f.mp4"), startedAt: fixture.now))
        fixture.image(0)
        #expect(fixture.machine.state == .cancelled)
        #expect(fixture.machine.work.isEmpty)
    }

    @Test
    func `a retry keeps finished segments and makes the missing ones`() {
        var fixture = atLead()
        fixture.apply(.leadFailed(quota, startedAt: fixture.now))
        fixture.image(0)
        fixture.clip(0)
        fixture.narrate(0)
        fixture.apply(.imageFailed(segment: 1, ServiceError(.contentRejected, "no"), startedAt: fixture.now))
        fixture.apply(.settled(warning: nil))
        #expect(fixture.machine.state == .error)
        fixture.apply(.retried(.failed))
        #expect(fixture.machine.state == .queued)
        fixture.apply(.started)
        #expect(fixture.machine.work == [.still(segment: 1, attempt: 0, provider: nil)])
        #expect(fixture.machine.receipt.segments[0].isReused)
    }

    @Test
    func `a clip's warnings appear in the job's view and receipt`() {
        var fixture = JobMachineFixture(entry: .fallback)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(1)))
        fixture.image(0)
        var clip = CreatedClip(
            clip: "file:///0.mp4", duration: 15, frames: 450, width: 1920, height: 1080, fps: 30, bytes: 1,
            cost: USD(0.001), encodeTime: 0.1)
        clip.warnings = ["its colour profile cannot be used"]
        fixture.apply(.clipMade(segment: 0, clip: clip, startedAt: fixture.now))
        #expect(fixture.machine.view.warnings == ["seg_1: its colour profile cannot be used"])
        #expect(fixture.machine.receipt.warnings == fixture.machine.view.warnings)
    }
}
