package import Faults

/// Where a job stands.
package enum JobState: String, Codable, Sendable, CaseIterable {
    case queued, running, finished, error, cancelled

    /// Whether nothing more will happen unless somebody retries.
    package var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .finished, .error, .cancelled: true
        }
    }
}

/// Where an agent of a job stands.
package enum AgentStatus: String, Codable, Sendable, CaseIterable {
    case starting, processing, finished, error
}

/// Where a segment stands.
package enum SegmentState: String, Codable, Sendable, CaseIterable {
    case waiting, drawing, drawn, clipping, clipped, narrating, done, failed
}

/// A job as `orchestrator.status` shows it.
package struct JobView: Codable, Sendable {
    package var jobID: String
    package var userID: String
    package var sessionID: String
    package var supersessionID: String?
    package var state: JobState
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Only agents that have begun.
    package var agents: [Agent: AgentView]
    package var segments: [SegmentView]
    package var progress: Progress
    /// By the agent's name, and `total`.
    package var costs: Costs
    /// What of `costs` bought nothing that could be used; absent if nothing did.
    package var wasted: USD?
    /// What orders may have cost of which no answer says whether the provider took them; absent if there were none.
    package var unknown: USD?
    /// The artifact URI of the film.
    package var videoURL: String?
    package var error: ServiceError?
    /// What the user should know although the job goes on.
    package var warnings: [String]

    package init(
        jobID: String, userID: String, sessionID: String, supersessionID: String?, state: JobState,
        createdAt: Timestamp, updatedAt: Timestamp, agents: [Agent: AgentView], segments: [SegmentView],
        progress: Progress, costs: Costs, videoURL: String?, error: ServiceError?, warnings: [String]
    ) {
        self.jobID = jobID
        self.userID = userID
        self.sessionID = sessionID
        self.supersessionID = supersessionID
        self.state = state
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.agents = agents
        self.segments = segments
        self.progress = progress
        self.costs = costs
        self.videoURL = videoURL
        self.error = error
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case state, agents, segments, progress, costs, error, warnings
        case jobID = "job_id"
        case userID = "user_id"
        case sessionID = "session_id"
        case supersessionID = "supersession_id"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case videoURL = "video_url"
        case wasted = "wasted_usd"
        case unknown = "unknown_usd"
    }
}

package struct AgentView: Codable, Sendable {
    package var status: AgentStatus
    package var message: String
    /// What it told last of how far it is; absent where it has told nothing.
    package var progress: Progress?
    package var cost: USD

    package init(status: AgentStatus, message: String, progress: Progress? = nil, cost: USD) {
        self.status = status
        self.message = message
        self.progress = progress
        self.cost = cost
    }
}

package struct SegmentView: Codable, Sendable {
    package var segmentID: String
    /// Seconds, as the storyboard says.
    package var duration: Double
    /// What the picture shows, with the user's edits; only where it was asked for.
    package var visualGuidance: String?
    package var state: SegmentState
    /// The lead or the understudy; absent while neither has made it.
    package var maker: Agent?
    /// The artifact URI of the still.
    package var image: String?
    /// The artifact URI of the clip.
    package var clip: String?
    /// Seconds that Agent6's tries at its still, clip and narration took together; absent where Agent6 has not made it.
    package var madeIn: Double?
    package var cost: USD
    package var error: ServiceError?

    package init(
        segmentID: String, duration: Double, state: SegmentState, maker: Agent? = nil, image: String? = nil,
        clip: String? = nil, madeIn: Double? = nil, cost: USD = .zero, error: ServiceError? = nil
    ) {
        self.segmentID = segmentID
        self.duration = duration
        self.state = state
        self.maker = maker
        self.image = image
        self.clip = clip
        self.madeIn = madeIn
        self.cost = cost
        self.error = error
    }

    private enum CodingKeys: String, CodingKey {
        case duration, state, maker, image, clip, cost, error
        case segmentID = "segment_id"
        case visualGuidance = "visual_guidance"
        case madeIn = "made_s"
    }
}

/// Steps done of all steps.
package struct Progress: Codable, Sendable, Equatable {
    package var done: Int
    package var total: Int
    /// 0 to 1.
    package var fraction: Double

    package init(done: Int, total: Int) {
        self.done = done
        self.total = total
        fraction = total == 0 ? 0 : (Double(done) / Double(total) * 100).rounded() / 100
    }
}
