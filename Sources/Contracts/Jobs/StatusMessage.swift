// SPDX-License-Identifier: Apache-2.0

package import Faults

/// A status message of a job, as clients of `orchestrator.watch` receive it.
///
/// Its members are in camel case, which the page and existing consumers of the pipeline expect.
package struct StatusMessage: Codable, Sendable {
    /// The version of this format: 1.
    package var v: Int
    /// The sequence number. It grows and never repeats, across restarts as well.
    package var seq: Int
    /// When the message was stored.
    package var ts: Timestamp
    /// The job's id.
    package var jobId: String
    /// The user's id.
    package var userId: String
    /// The session's id.
    package var sessionId: String
    /// The supersession's id; absent if the job has none.
    package var supersessionId: String?
    /// The agent that the message is about.
    package var agentNumber: Agent
    /// The status of that agent.
    package var status: AgentStatus
    /// The text for the user.
    package var message: String
    /// The segment's id; absent unless the message is about a segment.
    package var segmentId: String?
    /// The progress of the agent; absent if the message reports none.
    package var progress: Progress?
    /// What this agent has cost so far.
    package var cost: USD
    /// What all agents have cost so far.
    package var costs: Costs
    /// The artifact URI of the film, in the `finished` message of the agent that made it.
    package var videoUrl: String?
    /// Why the agent failed, in an `error` message.
    package var error: ServiceError?
    /// The state of the job after this message.
    package var jobState: JobState

    /// Creates a message of version 1.
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
