// SPDX-License-Identifier: Apache-2.0

package import Faults

/// A job as `orchestrator.status`, `orchestrator.list` and `orchestrator.watch` show it.
package struct JobView: Codable, Sendable {
    /// The job's id.
    package var jobID: String
    /// The user's id.
    package var userID: String
    /// The session's id.
    package var sessionID: String
    /// The supersession's id; absent if the job has none.
    package var supersessionID: String?
    /// The state of the job.
    package var state: JobState
    /// When the job was accepted.
    package var createdAt: Timestamp
    /// When the job last changed.
    package var updatedAt: Timestamp
    /// The agents that have started. On the wire an object by the agents' names.
    package var agents: [Agent: AgentView]
    /// The segments in the film's order; empty before the storyboard was read.
    package var segments: [SegmentView]
    /// The understudy's steps: stills, clips and the stitching.
    package var progress: Progress
    /// The costs so far, by agent and in total.
    package var costs: Costs
    /// The part of `costs` that paid for nothing usable; absent if there is none.
    package var wasted: USD?
    /// The price of orders of which it is unknown whether the provider charged for them; absent if there are none.
    package var unknown: USD?
    /// The artifact URI of the film; absent unless the job is `finished`.
    package var videoURL: String?
    /// Why the job failed; absent unless the job has failed.
    package var error: ServiceError?
    /// What the user should know although the job continues or has finished.
    package var warnings: [String]

    /// Creates a view. `wasted` and `unknown` are absent.
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

/// An agent of a job as clients see it.
package struct AgentView: Codable, Sendable {
    /// The status of the agent.
    package var status: AgentStatus
    /// The agent's most recent status message.
    package var message: String
    /// The progress that the agent last reported; absent if it has reported none.
    package var progress: Progress?
    /// What the agent has cost so far.
    package var cost: USD

    /// Creates the view of an agent.
    package init(status: AgentStatus, message: String, progress: Progress? = nil, cost: USD) {
        self.status = status
        self.message = message
        self.progress = progress
        self.cost = cost
    }
}

/// A segment of a job as clients see it.
package struct SegmentView: Codable, Sendable {
    /// The segment's id.
    package var segmentID: String
    /// The first words of the segment, the title of its chapter; absent before the storyboard is read.
    package var title: String?
    /// The duration in seconds, from the storyboard.
    package var duration: Double
    /// What the picture shows, including the user's edits; present only if the call asked for it.
    package var visualGuidance: String?
    /// The state of the segment.
    package var state: SegmentState
    /// The lead or the understudy; absent until one of them has made the segment.
    package var maker: Agent?
    /// The artifact URI of the still.
    package var image: String?
    /// The artifact URI of the clip.
    package var clip: String?
    /// The total time of Agent6's attempts at the still, clip and narration in seconds; `made_s` on the wire. Absent if
    /// Agent6 has not made the segment.
    package var productionTime: Double?
    /// What the segment has cost so far.
    package var cost: USD
    /// Why the segment failed.
    package var error: ServiceError?

    /// Creates the view of a segment. `visualGuidance` is absent.
    package init(
        segmentID: String, title: String? = nil, duration: Double, state: SegmentState, maker: Agent? = nil,
        image: String? = nil, clip: String? = nil, productionTime: Double? = nil, cost: USD = .zero,
        error: ServiceError? = nil
    ) {
        self.segmentID = segmentID
        self.title = title
        self.duration = duration
        self.state = state
        self.maker = maker
        self.image = image
        self.clip = clip
        self.productionTime = productionTime
        self.cost = cost
        self.error = error
    }

    private enum CodingKeys: String, CodingKey {
        case title, duration, state, maker, image, clip, cost, error
        case segmentID = "segment_id"
        case visualGuidance = "visual_guidance"
        case productionTime = "made_s"
    }
}
