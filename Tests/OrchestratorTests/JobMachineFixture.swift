// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON

@testable import Orchestrator

/// A job machine, the messages that it posted, and a clock that advances by 100 ms with each event.
struct JobMachineFixture {
    var machine: JobMachine
    private(set) var drafts: [StatusDraft] = []
    private var clock: Int64 = 0

    init(entry: JobSpec.Entry = .lead, options: JobOptions = JobOptions()) {
        machine = JobMachine(
            spec: JobSpec(jobID: "j", userID: "u", sessionID: "s", entry: entry, options: options),
            createdAt: Timestamp(milliseconds: 0))
    }

    /// A plan of `count` segments of 15 s each, with ids from `seg_1`.
    ///
    /// - Parameters:
    ///   - price: the price of a still. A clip costs 0.001.
    ///   - narrated: whether each segment has a narration.
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

    /// Applies an event.
    ///
    /// - Returns: the messages that the event posted.
    @discardableResult
    mutating func apply(_ event: JobEvent) -> [StatusDraft] {
        clock += 100
        let new = machine.apply(event, at: now)
        drafts += new
        return new
    }

    /// Delivers the still of a segment.
    mutating func image(_ index: Int, cost: USD = USD(0.02)) {
        let image = GeneratedImage(
            image: "file:///\(index).png", width: 1920, height: 1080, mediaType: "image/png", provider: "p", model: "m",
            cost: cost, attempts: 1, isCached: false)
        apply(.imageMade(segment: index, image: image, startedAt: now))
    }

    /// Delivers the clip of a segment.
    mutating func clip(_ index: Int) {
        let clip = CreatedClip(
            clip: "file:///\(index).mp4", duration: 15, frames: 450, width: 1920, height: 1080, fps: 30, bytes: 1,
            cost: USD(0.001), encodeTime: 0.1)
        apply(.clipMade(segment: index, clip: clip, startedAt: now))
    }

    /// Reports that a clip has its narration.
    mutating func narrate(_ index: Int) { apply(.narrated(segment: index, startedAt: now)) }

    /// A stitched film of 30 s.
    static let film = StitchedFilm(
        video: "file:///final.mp4", duration: 30, backend: .local, copiedFrames: 900, encodedFrames: 0, chapters: [],
        cost: .zero)
}
