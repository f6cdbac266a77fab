// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Untrusted

/// A status message without its `seq`. `JobStore.append` assigns the `seq` (`StatusSequence`).
struct StatusDraft: Sendable {
    var agent: Agent
    var status: AgentStatus
    var message: String
    var segmentID: String?
    var progress: Progress?
    var cost: USD
    var costs: Costs
    var videoURL: String?
    var error: ServiceError?
    var jobState: JobState

    /// The complete message.
    func message(of spec: JobSpec, seq: Int, at now: Timestamp) -> StatusMessage {
        StatusMessage(
            seq: seq, ts: now, jobId: spec.jobID, userId: spec.userID, sessionId: spec.sessionID,
            supersessionId: spec.supersessionID, agentNumber: agent, status: status,
            message: message.bounded(to: TextBound.message),
            segmentId: segmentID, progress: progress, cost: cost, costs: costs, videoUrl: videoURL,
            error: error?.bounded,
            jobState: jobState)
    }
}
