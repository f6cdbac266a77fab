package import Faults

/// Who made the film, why, and what it cost: `receipt.json`.
package struct Receipt: Codable, Sendable {
    package var jobID: String
    package var userID: String
    package var sessionID: String
    package var state: JobState
    /// Why the understudy took over; absent where the lead delivered.
    package var takeover: Takeover?
    package var attempts: [Attempt]
    /// What the lead delivered after the takeover: kept beside the film, never part of it; absent where there is none.
    package var candidates: [Candidate]?
    package var segments: [SegmentReceipt]
    /// What each agent has cost, failed attempts included.
    package var costs: Costs
    /// What of it bought nothing.
    package var wasted: USD
    /// What orders may have cost of which no answer says whether the provider took them. It is not part of `costs`, and counts
    /// against `max_cost_usd`; absent if there were none.
    package var unknown: USD?
    /// What was not spent because stills were there already.
    package var saved: USD
    /// What stills cost that were prepared while the lead worked, and were not needed; absent where there were none.
    package var hedge: USD?
    /// Seconds by stage of the last run, in the order in which they began.
    package var stages: [StageTime]
    package var videoURL: String?
    package var warnings: [String]
    package var error: ServiceError?

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
        case wasted = "wasted_usd"
        case unknown = "unknown_usd"
        case saved = "saved_usd"
        case hedge = "hedge_usd"
        case videoURL = "video_url"
    }
}

/// Why the understudy took over.
package struct Takeover: Codable, Sendable {
    package var at: Timestamp
    package var kind: ErrorKind
    /// The lead's or its provider's own words.
    package var reason: String
    package var provider: String?
    /// Present and true where the lead was not called at all, since its breaker was open.
    package var breakerOpen: Bool?

    package init(at: Timestamp, kind: ErrorKind, reason: String, provider: String?, breakerOpen: Bool? = nil) {
        self.at = at
        self.kind = kind
        self.reason = reason
        self.provider = provider
        self.breakerOpen = breakerOpen
    }

    private enum CodingKeys: String, CodingKey {
        case at, kind, reason, provider
        case breakerOpen = "breaker_open"
    }
}

/// A film, or clips, that came too late.
package struct Candidate: Codable, Sendable {
    /// The lead.
    package var agent: Agent
    /// The artifact URI of a film.
    package var video: String?
    package var clips: [AgentClip]?
    package var cost: USD
    package var at: Timestamp

    package init(agent: Agent, video: String?, clips: [AgentClip]?, cost: USD, at: Timestamp) {
        self.agent = agent
        self.video = video
        self.clips = clips
        self.cost = cost
        self.at = at
    }

    private enum CodingKeys: String, CodingKey {
        case agent, video, clips, at
        case cost = "cost_usd"
    }
}

/// One try of one agent at one piece of work.
package struct Attempt: Codable, Sendable {
    package var agent: Agent
    package var work: AttemptKind
    package var segmentID: String?
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    package var cost: USD
    /// What orders of this try may have cost of which no answer says whether the provider took them.
    package var unknown: USD?
    package var error: ServiceError?

    package init(
        agent: Agent, work: AttemptKind, segmentID: String?, startedAt: Timestamp, endedAt: Timestamp?, cost: USD,
        error: ServiceError?
    ) {
        self.agent = agent
        self.work = work
        self.segmentID = segmentID
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.cost = cost
        self.error = error
    }

    private enum CodingKeys: String, CodingKey {
        case agent, work, error
        case segmentID = "segment_id"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case cost = "cost_usd"
        case unknown = "unknown_usd"
    }
}

package struct SegmentReceipt: Codable, Sendable {
    package var segmentID: String
    package var maker: Agent?
    /// Who drew the still: `card`, `openai`, ...
    package var imageProvider: String?
    /// Whether its still or clip was there before this run.
    package var reused: Bool
    package var cost: USD

    package init(segmentID: String, maker: Agent?, imageProvider: String?, reused: Bool, cost: USD) {
        self.segmentID = segmentID
        self.maker = maker
        self.imageProvider = imageProvider
        self.reused = reused
        self.cost = cost
    }

    private enum CodingKeys: String, CodingKey {
        case maker, reused
        case segmentID = "segment_id"
        case imageProvider = "image_provider"
        case cost = "cost_usd"
    }
}

package struct StageTime: Codable, Sendable {
    package var stage: JobStage
    package var startedAt: Timestamp
    /// Seconds; stages of one job may overlap.
    package var seconds: Double

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
