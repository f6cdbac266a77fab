// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts

extension JournalV2 {
    /// An event. Its members depend on its type: `init(_:)` in `JournalV2+Writing` sets them, `value()` in `JournalV2+Reading` reads them.
    struct Event: Codable {
        /// The stored types of events.
        enum Tag: String, CaseIterable {
            case started
            case agentSkipped = "agent_skipped"
            case agentStarted = "agent_started"
            case agentProgress = "agent_progress"
            case agentFinished = "agent_finished"
            case agentFailed = "agent_failed"
            case loaded
            case loadFailed = "load_failed"
            case leadProgress = "lead_progress"
            case leadDelivered = "lead_delivered"
            case leadFailed = "lead_failed"
            case leadBarred = "lead_barred"
            case leadLate = "lead_late"
            case leadFilmAccepted = "lead_film_accepted"
            case leadFilmCut = "lead_film_cut"
            case leadClipsChecked = "lead_clips_checked"
            case stillDrawn = "still_drawn"
            case stillFailed = "still_failed"
            /// Only in jobs that an earlier version started; see `JobEvent.imageFailed`.
            case stillRepeated = "still_repeated"
            case callStopped = "call_stopped"
            case clipCreated = "clip_created"
            case clipFailed = "clip_failed"
            case narrationAdded = "narration_added"
            case narrationFailed = "narration_failed"
            case filmStitched = "film_stitched"
            case stitchFailed = "stitch_failed"
            case filmVerified = "film_verified"
            case filmRejected = "film_rejected"
            case filmSpoiled = "film_spoiled"
            case storeUnavailable = "store_unavailable"
            case storeAvailable = "store_available"
            case cancelled
            case retryRequested = "retry_requested"
            case segmentsEdited = "segments_edited"
            case hedgeStarted = "hedge_started"
            case upgradeRequested = "upgrade_requested"
            case settled
        }

        /// `JournalV2.number`.
        private var version: Int
        /// The name of a `Tag`.
        let type: String
        var agent: String?
        /// 0 to 1.
        var fraction: Double?
        var message: String?
        var delivery: Delivery?
        var fault: Fault?
        /// By segment id.
        var faults: [String: Fault]?
        var inputsExist: Bool?
        var plan: Plan?
        /// Milliseconds since 1970.
        var startedAt: Int64?
        /// An artifact URI.
        var video: String?
        /// Seconds.
        var seconds: Double?
        var warnings: [String]?
        var clips: [LeadClip]?
        /// Segment ids.
        var segments: [String]?
        /// The index of a segment.
        var segment: Int?
        var still: Still?
        var clip: Clip?
        var film: Film?
        /// Seconds.
        var trimmed: Double?
        /// Seconds by segment id.
        var trimmedSegments: [String: Double]?
        /// `failed`, `all`, or absent if `segments` are selected.
        var selection: String?
        /// By segment id.
        var edits: [String: Edit]?
        var costMicros: Int64?

        enum CodingKeys: String, CodingKey {
            case version = "v"
            case type, agent, fraction, message, delivery, fault, faults, plan, video, warnings, clips, segments,
                segment
            case still, clip, film, selection, edits
            case inputsExist = "inputs_exist"
            case startedAt = "started_at_ms"
            case seconds = "seconds_s"
            case trimmed = "trimmed_s"
            case trimmedSegments = "trimmed_segments_s"
            case costMicros = "cost_micros"
        }

        /// An event without further members.
        init(_ tag: Tag) {
            version = number
            type = tag.rawValue
        }
    }
}
