// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The state of one segment: its media and its attempts, over all runs of the job.
struct SegmentRecord: Sendable {
    let id: String
    /// The duration in seconds.
    let duration: Double
    let hasNarration: Bool
    /// The agent that made the still or the clip; `nil` if neither exists.
    var maker: Agent?
    var still: GeneratedImage?
    /// The artifact URI of the clip.
    var clip: String?
    var narration = Narration.pending
    /// Why the segment could not be made.
    var error: ServiceError?
    /// The `attempt` of the next call for the still.
    var stillAttempts = 0
    /// How many times all attempts at the still have failed; part of its idempotency key.
    var series = 0
    /// Whether the speculative still failed for good.
    var hasSpeculativeStillFailed = false
    /// Whether a card replaces a still that failed.
    var usesCard = false
    /// The visual guidance as edited by the user; `nil` if unchanged.
    var guidance: String?
    /// The artifact URI of an image supplied by the user.
    var userImage: String?
    /// A prepared still that was not used in this run.
    var spare: GeneratedImage?
    /// How many times the segment was reset; part of the still's idempotency key.
    var edition = 0
    /// Whether media of an earlier run are reused.
    var isReused = false

    /// The state of the narration of the clip.
    enum Narration: Sendable { case pending, done, failed }

    /// A segment for which nothing was made yet.
    init(_ planned: PlannedSegment) {
        id = planned.id
        duration = planned.duration
        hasNarration = planned.audio != nil
    }

    /// Whether the clip is ready for the film.
    var isReady: Bool { clip != nil && (!hasNarration || narration != .pending || maker == .lead) }

    /// Discards all media, so that the segment is made again. Its costs stay booked.
    mutating func reset() {
        if maker != .lead { spare = nil }
        edition += 1
        maker = nil
        still = nil
        clip = nil
        narration = .pending
        error = nil
        stillAttempts = 0
        usesCard = false
        isReused = false
    }

    /// Replaces the understudy's work by the lead's, and keeps its still as `spare`.
    ///
    /// - Parameter clip: the artifact URI of the lead's clip; `nil` if the lead made the film as a whole.
    mutating func useLeadClip(_ clip: String?) {
        maker = .lead
        self.clip = clip
        spare = still ?? spare
        still = nil
    }

    /// Keeps existing media for a new run, and allows new attempts at what failed.
    mutating func reuse() {
        isReused = still != nil || clip != nil
        error = nil
        stillAttempts = 0
    }

    /// The segment's state as shown to callers.
    ///
    /// - Parameter step: the segment's work in flight; `nil` for none.
    func state(_ step: JobWork?) -> SegmentState {
        if error != nil, clip == nil { return .failed }
        if isReady { return .done }
        return switch step {
        case .still: .drawing
        case .clip: .clipping
        case .narrate: .narrating
        default: clip != nil ? .clipped : still != nil ? .drawn : .waiting
        }
    }
}
