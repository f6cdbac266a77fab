import Contracts
import Faults
import JSON
import ServicePool
import Testing

@testable import Orchestrator

/// Events with moments of their own, applied one by one.
struct MachineScene {
    var machine: JobMachine
    private(set) var drafts: [StatusDraft] = []
    private var clock: Int64 = 0

    init(entry: JobSpec.Entry = .lead, options: JobOptions = JobOptions()) {
        machine = JobMachine(
            spec: JobSpec(jobID: "j", userID: "u", sessionID: "s", entry: entry, options: options),
            createdAt: Timestamp(milliseconds: 0))
    }

    static func plan(
        _ count: Int, price: USD = USD(0.02), narrated: Bool = true, stitchBackend: StitchBackend? = nil
    ) -> JobPlan {
        JobPlan(
            segments: (1...count).map {
                PlannedSegment(
                    id: "seg_\($0)", duration: 15, frames: 450, guidance: "g",
                    audio: narrated ? "file:///\($0).mp3" : nil)
            },
            storyboard: [:], imagePrice: price, clipPrice: USD(0.001), stitchBackend: stitchBackend, warnings: [])
    }

    var now: Timestamp { Timestamp(milliseconds: clock) }

    @discardableResult
    mutating func apply(_ event: JobEvent) -> [StatusDraft] {
        clock += 100
        let new = machine.apply(event, at: now)
        drafts += new
        return new
    }

    mutating func image(_ index: Int, cost: USD = USD(0.02)) {
        let image = GeneratedImage(
            image: "file:///\(index).png", width: 1920, height: 1080, mediaType: "image/png", provider: "p", model: "m",
            cost: cost, attempts: 1, cached: false)
        apply(.imageMade(segment: index, image: image, startedAt: now))
    }

    mutating func clip(_ index: Int) {
        let clip = CreatedClip(
            clip: "file:///\(index).mp4", duration: 15, frames: 450, width: 1920, height: 1080, fps: 30, bytes: 1,
            cost: USD(0.001), encodeTime: 0.1)
        apply(.clipMade(segment: index, clip: clip, startedAt: now))
    }

    mutating func narrate(_ index: Int) { apply(.narrated(segment: index, startedAt: now)) }

    static let film = Stitched(
        video: "file:///final.mp4", duration: 30, backend: .local, copiedFrames: 900, encodedFrames: 0, chapters: [],
        cost: .zero)
}

@Suite struct JobMachineTests {
    private let quota = ServiceError(.quotaExhausted, "no credit", provider: "acme")
    private let reset = ServiceError(.unavailable, "connection reset")

    private func atLead(_ options: JobOptions = JobOptions(), segments: Int = 2) -> MachineScene {
        var scene = MachineScene(options: options)
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(segments)))
        return scene
    }

    @Test("the lead comes first, and its film ends the job without any work of the understudy")
    func leadDelivers() {
        var scene = atLead()
        #expect(scene.machine.work == [.lead(attempt: 1)])
        scene.apply(.leadDelivered(AgentResult(video: "file:///f.mp4", cost: USD(0.15)), startedAt: scene.now))
        #expect(scene.machine.work == [.checkLeadFilm])
        scene.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: scene.now))
        #expect(scene.machine.work == [.settle])
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .finished)
        #expect(scene.machine.agents[.understudy] == nil)
        #expect(scene.drafts.last?.agent == .lead)
        #expect(scene.drafts.last?.status == .finished)
        #expect(scene.drafts.last?.videoURL == "file:///final.mp4")
        #expect(scene.machine.costs.total == USD(0.15))
    }

    @Test("the takeover says exactly what the page waits for, and keeps the reason")
    func takeover() {
        var scene = atLead()
        let drafts = scene.apply(.leadFailed(quota, startedAt: scene.now))
        #expect(drafts.map(\.agent) == [.lead, .understudy, .understudy])
        #expect(drafts.map(\.status) == [.error, .processing, .starting])
        #expect(drafts[1].message == "Agent5 failed, starting Agent6 fallback...")
        #expect(scene.machine.takeover?.kind == .quotaExhausted)
        #expect(scene.machine.takeover?.provider == "acme")
    }

    @Test("a refusal or reset is tried once more, then taken over; quota, timeout and broken film at once")
    func classes() {
        var scene = atLead()
        scene.apply(.leadFailed(reset, startedAt: scene.now))
        #expect(scene.machine.work == [.lead(attempt: 2)])
        scene.apply(.leadFailed(reset, startedAt: scene.now))
        #expect(scene.machine.takeover?.kind == .unavailable)
        for kind in [ErrorKind.quotaExhausted, .timeout, .contentRejected, .corruptMedia] {
            var scene = atLead()
            scene.apply(.leadFailed(ServiceError(kind, "x"), startedAt: scene.now))
            #expect(scene.machine.takeover?.kind == kind)
        }
        var none = atLead()
        none.apply(
            .leadFailed(
                ServiceError(.unavailable, "no video provider is configured", retryable: false), startedAt: none.now))
        #expect(none.machine.takeover?.reason == "no video provider is configured")
    }

    @Test("429 waits as told where that fits the deadline, and takes over where it does not")
    func rateLimit() {
        var fits = atLead()
        fits.apply(.leadFailed(ServiceError(.rateLimited, "slow", retryAfter: 2), startedAt: fits.now))
        #expect(fits.machine.work == [.lead(attempt: 2)])
        #expect(fits.machine.leadNotBefore?.milliseconds == fits.now.milliseconds + 2000)
        var long = atLead()
        long.apply(.leadFailed(ServiceError(.rateLimited, "slow", retryAfter: 7200), startedAt: long.now))
        #expect(long.machine.takeover?.kind == .rateLimited)
    }

    @Test("a lead that says not to repeat the call, or has spent money in vain, is not called again")
    func notRepeated() {
        var unknown = ServiceError(.unavailable, "x", retryable: true)
        unknown.unknown = USD(0.5)
        var wasted = ServiceError(.rateLimited, "x", retryable: true, retryAfter: 1)
        wasted.wasted = USD(0.5)
        for error in [
            ServiceError(.rateLimited, "x", retryable: false, retryAfter: 1),
            ServiceError(.busy, "x", retryable: false),
            ServiceError(.unavailable, "x", retryable: false), unknown, wasted,
        ] {
            var scene = atLead()
            scene.apply(.leadFailed(error, startedAt: scene.now))
            #expect(scene.machine.takeover?.kind == error.kind, "\(error)")
        }
    }

    @Test("the second call of a lead whose reply was lost is the same call; after an answer it is another one")
    func sameCall() {
        var lost = ServiceError(.unavailable, "x", retryable: true)
        for (code, expected) in [(ServicePools.replicaLost, 0), ("503", 1)] {
            lost.providerCode = code
            var scene = atLead()
            #expect(scene.machine.leadCall == 0)
            scene.apply(.leadFailed(lost, startedAt: scene.now))
            #expect(scene.machine.leadCall == expected && scene.machine.takeover == nil, "\(code)")
        }
    }

    @Test("stills are drawn two at a time in the film's order, clips and narrations as soon as they can be")
    func order() {
        var scene = atLead(segments: 3)
        scene.apply(.leadFailed(quota, startedAt: scene.now))
        #expect(
            scene.machine.work == [
                .still(segment: 0, attempt: 0, provider: nil), .still(segment: 1, attempt: 0, provider: nil),
            ])
        scene.image(1)
        #expect(
            scene.machine.work == [
                .still(segment: 0, attempt: 0, provider: nil), .still(segment: 2, attempt: 0, provider: nil),
                .clip(segment: 1),
            ])
        scene.image(0)
        scene.image(2)
        scene.clip(1)
        #expect(scene.machine.work == [.clip(segment: 0), .narrate(segment: 1), .clip(segment: 2)])
        for index in [0, 2] { scene.clip(index) }
        for index in 0..<3 { scene.narrate(index) }
        #expect(scene.machine.work == [.stitch])
        scene.apply(.stitched(MachineScene.film, startedAt: scene.now))
        #expect(scene.machine.work == [.verifyFilm])
        scene.apply(.filmVerified(warnings: nil, startedAt: scene.now))
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .finished)
        #expect(scene.machine.progress == Progress(done: 7, total: 7))
        #expect(scene.machine.costs.understudy == USD(0.063))
        #expect(scene.machine.receipt.segments.allSatisfy { $0.maker == .understudy })
    }

    @Test("a film without copied pictures is not stitched again, and one of MediaConvert neither")
    func rejectedFilm() {
        var encoded = MachineScene.film
        (encoded.copiedFrames, encoded.encodedFrames) = (0, 900)
        var cloud = MachineScene.film
        cloud.backend = .mediaconvert
        for film in [encoded, cloud, MachineScene.film] {
            var scene = MachineScene(entry: .fallback)
            scene.apply(.started)
            scene.apply(.loaded(MachineScene.plan(1, narrated: false)))
            scene.image(0)
            scene.clip(0)
            scene.apply(.stitched(film, startedAt: scene.now))
            let isCopied = film.backend == .local && film.copiedFrames > 0
            #expect(scene.machine.mayReencodeFilm == isCopied)
            scene.apply(.filmSpoiled(reset, startedAt: scene.now))
            #expect(scene.machine.work == (isCopied ? [.stitch] : [.verifyFilm]))
            guard isCopied else { continue }
            #expect(scene.machine.reencodesFilm && scene.machine.videoURL == nil)
            scene.apply(.stitched(film, startedAt: scene.now))
            #expect(!scene.machine.mayReencodeFilm)
            scene.apply(.filmRejected(reset, startedAt: scene.now))
            #expect(scene.machine.work == [.settle])
        }
    }

    @Test("an image is tried twice, then the understudy fails with both causes")
    func imageFailure() {
        var scene = atLead()
        scene.apply(.leadFailed(quota, startedAt: scene.now))
        scene.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "image server down"), startedAt: scene.now))
        #expect(scene.machine.work.contains(.still(segment: 0, attempt: 1, provider: nil)))
        scene.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "image server down"), startedAt: scene.now))
        #expect(scene.machine.work == [.settle])
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .error)
        #expect(
            scene.machine.error?.message
                == "Agent6 failed: seg_1: image server down; before that Agent5 failed: no credit")
    }

    @Test("a card takes a still's place where that is allowed")
    func card() {
        var options = JobOptions()
        options.onImageFailure = .card
        var scene = atLead(options)
        scene.apply(.leadFailed(quota, startedAt: scene.now))
        scene.apply(.imageFailed(segment: 0, ServiceError(.contentRejected, "unsafe"), startedAt: scene.now))
        #expect(scene.machine.work.contains(.still(segment: 0, attempt: 1, provider: "card")))
        #expect(scene.machine.warnings.count == 1)
    }

    @Test("an audio failure is a warning, and the film goes on")
    func audioFailure() {
        var scene = atLead(segments: 1)
        scene.apply(.leadFailed(quota, startedAt: scene.now))
        scene.image(0)
        scene.clip(0)
        scene.apply(.narrationFailed(segment: 0, ServiceError(.corruptMedia, "1.mp3 is text"), startedAt: scene.now))
        #expect(scene.machine.work == [.stitch])
        #expect(scene.machine.warnings == ["seg_1: 1.mp3 is text; this part of the film is silent"])
    }

    @Test("nothing is bought beyond the limit, calls under way included")
    func limit() {
        var options = JobOptions()
        options.maxCost = USD(0.03)
        var scene = atLead(options)
        scene.apply(.leadFailed(quota, startedAt: scene.now))
        #expect(scene.machine.work == [.still(segment: 0, attempt: 0, provider: nil)])
        scene.image(0)
        #expect(scene.machine.work == [.clip(segment: 0)])
        scene.clip(0)
        scene.narrate(0)
        #expect(scene.machine.phase.kind == .settling)
        #expect(scene.machine.error?.kind == .quotaExhausted)
        options.onImageFailure = .card
        var cards = atLead(options)
        cards.apply(.leadFailed(quota, startedAt: cards.now))
        #expect(
            cards.machine.work == [
                .still(segment: 0, attempt: 0, provider: nil), .still(segment: 1, attempt: 0, provider: "card"),
            ])
    }

    @Test("with fallback by segments the lead's good clips are kept and only the others are made")
    func partial() {
        var options = JobOptions()
        options.fallback = .segments
        var scene = atLead(options)
        let clips = [
            AgentClip(segmentID: "seg_1", clip: "file:///a.mp4"), AgentClip(segmentID: "seg_2", error: quota),
        ]
        scene.apply(.leadDelivered(AgentResult(clips: clips), startedAt: scene.now))
        #expect(scene.machine.work == [.checkLeadClips])
        scene.apply(.leadClipsChecked(good: ["seg_1"], bad: ["seg_2": quota], startedAt: scene.now))
        #expect(scene.machine.work == [.still(segment: 1, attempt: 0, provider: nil)])
        #expect(scene.machine.segments.map(\.maker) == [.lead, nil])
    }

    @Test("what the lead delivers after the takeover is booked and kept as a candidate, once, and changes nothing else")
    func late() {
        var scene = atLead()
        scene.apply(.leadFailed(ServiceError(.timeout, "silent"), startedAt: scene.now))
        let work = scene.machine.work
        for _ in 0..<2 { scene.apply(.leadLate(AgentResult(video: "file:///late.mp4", cost: USD(0.15)))) }
        #expect(scene.machine.work == work)
        let receipt = scene.machine.receipt
        #expect(receipt.candidates?.map(\.video) == ["file:///late.mp4"])
        #expect(receipt.costs.lead == USD(0.15) && receipt.wasted == USD(0.15))
        #expect(receipt.segments.allSatisfy { $0.maker == nil })
        #expect(scene.machine.agents[.lead]?.status == .error)
    }

    @Test("a cancelled job stops all work, and late results change nothing")
    func cancel() {
        var scene = atLead()
        scene.apply(.cancelled)
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .cancelled)
        #expect(scene.machine.work.isEmpty)
        scene.apply(.leadDelivered(AgentResult(video: "file:///f.mp4"), startedAt: scene.now))
        scene.image(0)
        #expect(scene.machine.state == .cancelled)
        #expect(scene.machine.work.isEmpty)
    }

    @Test("a retry keeps what is there and makes what is missing")
    func retry() {
        var scene = atLead()
        scene.apply(.leadFailed(quota, startedAt: scene.now))
        scene.image(0)
        scene.clip(0)
        scene.narrate(0)
        scene.apply(.imageFailed(segment: 1, ServiceError(.contentRejected, "no"), startedAt: scene.now))
        scene.apply(.settled(warning: nil))
        #expect(scene.machine.state == .error)
        scene.apply(.retried(.failed))
        #expect(scene.machine.state == .queued)
        scene.apply(.started)
        #expect(scene.machine.work == [.still(segment: 1, attempt: 0, provider: nil)])
        #expect(scene.machine.receipt.segments[0].reused)
    }

    @Test("what of a picture could not be used is a warning of the job and its receipt")
    func clipWarnings() {
        var scene = MachineScene(entry: .fallback)
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(1)))
        scene.image(0)
        var clip = CreatedClip(
            clip: "file:///0.mp4", duration: 15, frames: 450, width: 1920, height: 1080, fps: 30, bytes: 1,
            cost: USD(0.001), encodeTime: 0.1)
        clip.warnings = ["its colour profile cannot be used"]
        scene.apply(.clipMade(segment: 0, clip: clip, startedAt: scene.now))
        #expect(scene.machine.view.warnings == ["seg_1: its colour profile cannot be used"])
        #expect(scene.machine.receipt.warnings == scene.machine.view.warnings)
    }
}
