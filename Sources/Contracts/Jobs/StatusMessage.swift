package import Faults

/// One status message of a job, as watchers get it. Its members are in camel case: the page and the pipelines that read it
/// always had it so.
package struct StatusMessage: Codable, Sendable {
    /// The version of this shape: 1.
    package var v: Int
    /// Never repeats, grows, survives restarts.
    package var seq: Int
    package var ts: Timestamp
    package var jobId: String
    package var userId: String
    package var sessionId: String
    package var supersessionId: String?
    package var agentNumber: Agent
    package var status: AgentStatus
    package var message: String
    package var segmentId: String?
    package var progress: Progress?
    /// What this agent has cost so far.
    package var cost: USD
    package var costs: Costs
    /// The artifact URI of the film, in the `finished` message of the agent that made it.
    package var videoUrl: String?
    /// The reason, in an `error` message.
    package var error: ServiceError?
    /// The state of the whole job after this message.
    package var jobState: JobState

    package init(
        seq: Int, ts: Timestamp, jobId: String, userId: String, sessionId: String, supersessionId: String?,
        agentNumber: Agent, status: AgentStatus, message: String, segmentId: String? = nil,
        progress: Progress? = nil, cost: USD, costs: Costs, videoUrl: String? = nil, error: ServiceError? = nil,
        jobState: JobState
    ) {
        v = 1
        self.seq = seq
        self.ts = ts
        self.jobId = jobId
        self.userId = userId
        self.sessionId = sessionId
        self.supersessionId = supersessionId
        self.agentNumber = agentNumber
        self.status = status
        self.message = message
        self.segmentId = segmentId
        self.progress = progress
        self.cost = cost
        self.costs = costs
        self.videoUrl = videoUrl
        self.error = error
        self.jobState = jobState
    }
}
