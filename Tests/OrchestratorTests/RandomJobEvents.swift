// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import TestSupport

@testable import Orchestrator

/// Generates random events: of any kind, in any order, repeated, late, and with a clock that jumps.
struct RandomJobEvents {
    var generator: SeededGenerator
    /// The stitch backend of the plans.
    var stitchBackend: StitchBackend?

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A time at most 20 s after, or 1 s before, `now`. Milliseconds.
    mutating func time(after now: Int64) -> Int64 {
        now + Int64.random(in: -1...20, using: &generator) * Int64.random(in: 0...1000, using: &generator)
    }

    mutating func options() -> JobOptions {
        var options = JobOptions()
        options.fallback = Bool.random(using: &generator) ? .segments : .whole
        options.onImageFailure = Bool.random(using: &generator) ? .card : .fail
        options.maxCost = Bool.random(using: &generator) ? USD(Double.random(in: 0...0.2, using: &generator)) : nil
        options.imageConcurrency = Int.random(in: 1...3, using: &generator)
        return options
    }

    mutating func entry() -> JobSpec.Entry {
        [JobSpec.Entry.chain, .lead, .fallback].randomElement(using: &generator) ?? .lead
    }

    /// A fixed list, so that a seed gives the same errors when kinds are added.
    private static let kinds: [ErrorKind] = [
        .parse, .invalidRequest, .methodNotFound, .invalidParams, .internal, .cancelled, .busy, .timeout, .unavailable,
        .rateLimited, .quotaExhausted, .contentRejected, .notFound, .corruptMedia, .unauthorized, .tooLarge, .conflict,
    ]

    mutating func error() -> ServiceError {
        let kind = Self.kinds.randomElement(using: &generator) ?? .internal
        return ServiceError(kind, "words", retryAfter: Bool.random(using: &generator) ? 2 : nil)
    }

    /// An event of any kind, whether it fits the state of the job or not.
    mutating func event(_ startedAt: Timestamp) -> JobEvent {
        // Includes one index past the last segment.
        let index = Int.random(in: 0...4, using: &generator)
        let image = GeneratedImage(
            image: "i", width: 1, height: 1, mediaType: "m", provider: "p", model: "m", cost: USD(0.02), attempts: 1,
            isCached: false)
        let clip = CreatedClip(
            clip: "c\(index)", duration: 1, frames: 1, width: 1, height: 1, fps: 30, bytes: 1, cost: USD(0.001),
            encodeTime: 0)
        let clips = (1...4).map { AgentClip(segmentID: "seg_\($0)", clip: "lead\($0)") }
        let some = clips.map(\.segmentID).filter { _ in Bool.random(using: &generator) }
        let choices: [JobEvent] = [
            .started, .agentSkipped(.agent2), .agentBegun(.agent4), .agentProgress(.agent2, fraction: 9, message: ""),
            .agentDone(.agent4, AgentResult(cost: USD(0.05)), startedAt: startedAt),
            .agentFailed(.agent2, error(), inputsExist: Bool.random(using: &generator), startedAt: startedAt),
            .loaded(JobMachineFixture.plan(4, stitchBackend: stitchBackend)), .loadFailed(error()),
            .leadFailed(error(), startedAt: startedAt), .leadBarred(error()),
            .leadProgress(fraction: -1, message: ""),
            .leadDelivered(AgentResult(video: "v", cost: USD(0.1)), startedAt: startedAt),
            .leadDelivered(AgentResult(clips: clips, cost: USD(0.1)), startedAt: startedAt),
            .leadDelivered(AgentResult(), startedAt: startedAt), .leadLate(AgentResult(video: "late")),
            .leadFilmAccepted(video: "v", startedAt: startedAt, seconds: 59.7, warnings: ["w"]),
            .leadFilmCut(
                clips: clips.filter { some.contains($0.segmentID) }, bad: ["seg_1": error()], warnings: [],
                startedAt: startedAt),
            .leadClipsChecked(good: some, bad: ["seg_1": error()], startedAt: startedAt),
            .imageMade(segment: index, image: image, startedAt: startedAt),
            .imageMade(segment: index, image: image, startedAt: startedAt),
            .imageFailed(segment: index, error(), startedAt: startedAt),
            .clipMade(segment: index, clip: clip, startedAt: startedAt),
            .clipMade(segment: index, clip: clip, startedAt: startedAt),
            .clipFailed(segment: index, error(), startedAt: startedAt),
            .narrated(segment: index, startedAt: startedAt), .narrated(segment: index, startedAt: startedAt),
            .narrationFailed(segment: index, error(), startedAt: startedAt),
            .stitched(JobMachineFixture.film, startedAt: startedAt), .stitchFailed(error(), startedAt: startedAt),
            .filmVerified(warnings: nil, startedAt: startedAt), .filmRejected(error(), startedAt: startedAt),
            .filmSpoiled(error(), startedAt: startedAt),
            .storeAway(error()), .storeBack, .cancelled, .retried(.failed), .retried(.all), .hedged, .hedged,
            .edited(["seg_\(index + 1)": SegmentEdit(prompt: "p", image: index == 0 ? "file:///own.png" : nil)]),
            .upgradeAsked(some, cost: USD(0.1)), .upgradeAsked(some, cost: USD(0.1)),
            .retried(.segments(some)), .settled(warning: nil), .settled(warning: nil),
        ]
        return choices.randomElement(using: &generator) ?? .cancelled
    }
}
