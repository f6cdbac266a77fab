// SPDX-License-Identifier: Apache-2.0

package import Faults

/// The record of a finished job, stored as `receipt.json`: who made the film, why, and what it cost.
package struct Receipt: Codable, Sendable {
    /// The job's id.
    package var jobID: String
    /// The user's id.
    package var userID: String
    /// The session's id.
    package var sessionID: String
    /// The id of the trace of the job's calls, 32 hexadecimal digits, as in the log lines; absent for jobs of versions that did not store it.
    package var traceID: String?
    /// The state in which the job ended.
    package var state: JobState
    /// Why the understudy took over; absent if the lead delivered.
    package var takeover: Takeover?
    /// All attempts of all runs, in the order in which they ended.
    package var attempts: [Attempt]
    /// What the lead delivered after the takeover. It is stored beside the film and is not part of it. Absent if there
    /// is nothing.
    package var candidates: [Candidate]?
    /// Who made each segment, in the film's order.
    package var segments: [SegmentReceipt]
    /// What each agent has cost, including failed attempts.
    package var costs: Costs
    /// The part of `costs` that paid for nothing usable.
    package var wasted: USD
    /// The price of orders of which it is unknown whether the provider charged for them. It is not part of `costs` and
    /// counts against `max_cost_usd`. Absent if there are no such orders.
    package var unknown: USD?
    /// What was saved because stills were taken from the cache.
    package var saved: USD
    /// The cost of stills that were prepared while the lead worked and were not needed; absent if there are none.
    package var hedge: USD?
    /// The durations of the last run's stages, in the order in which they started.
    package var stages: [StageTime]
    /// The artifact URI of the film; absent unless the job is `finished`.
    package var videoURL: String?
    /// What the user should know although the job did not fail because of it.
    package var warnings: [String]
    /// Why the job failed; absent if it did not.
    package var error: ServiceError?

    /// Creates a receipt. `traceID`, `candidates`, `unknown` and `hedge` are absent.
    package init(
        jobID: String, userID: String, sessionID: String, state: JobState, takeover: Takeover?, attempts: [Attempt],
        segments: [SegmentReceipt], costs: Costs, wasted: USD, saved: USD = .zero, stages: [StageTime],
        videoURL: String?, warnings: [String], error: ServiceError?
    ) {
        self.jobID = jobID
        self.userID = userID
        self.sessionID = sessionID
        self.state = state
        self.takeover = takeover
        self.attempts = attempts
        self.segments = segments
        self.costs = costs
        self.wasted = wasted
        self.saved = saved
        self.stages = stages
        self.videoURL = videoURL
        self.warnings = warnings
        self.error = error
    }

    private enum CodingKeys: String, CodingKey {
        case state, takeover, attempts, candidates, segments, costs, stages, warnings, error
        case jobID = "job_id"
        case userID = "user_id"
        case sessionID = "session_id"
        case traceID = "trace_id"
        case wasted = "wasted_usd"
        case unknown = "unknown_usd"
        case saved = "saved_usd"
        case hedge = "hedge_usd"
        case videoURL = "video_url"
    }
}

/// Who made a segment, and what it cost.
package struct SegmentReceipt: Codable, Sendable {
    /// The segment's id.
    package var segmentID: String
    /// The lead or the understudy; absent if neither has made the segment.
    package var maker: Agent?
    /// The provider that drew the still, such as `card` or `openai`; absent if there is no still.
    package var imageProvider: String?
    /// Whether the still or clip is from an earlier run; `reused` on the wire.
    package var isReused: Bool
    /// What the segment cost.
    package var cost: USD

    /// Creates the receipt of a segment.
    package init(segmentID: String, maker: Agent?, imageProvider: String?, isReused: Bool, cost: USD) {
        self.segmentID = segmentID
        self.maker = maker
        self.imageProvider = imageProvider
        self.isReused = isReused
        self.cost = cost
    }

    private enum CodingKeys: String, CodingKey {
        case maker
        case isReused = "reused"
        case segmentID = "segment_id"
        case imageProvider = "image_provider"
        case cost = "cost_usd"
    }
}

/// The duration of a stage.
package struct StageTime: Codable, Sendable {
    /// The stage.
    package var stage: JobStage
    /// When the stage started.
    package var startedAt: Timestamp
    /// The duration in seconds. Stages of one job may overlap.
    package var seconds: Double

    /// Creates the duration of a stage.
    package init(stage: JobStage, startedAt: Timestamp, seconds: Double) {
        self.stage = stage
        self.startedAt = startedAt
        self.seconds = seconds
    }

    private enum CodingKeys: String, CodingKey {
        case stage, seconds
        case startedAt = "started_at"
    }
}
