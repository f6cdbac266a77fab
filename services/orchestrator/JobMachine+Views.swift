import Contracts

/// A job as others see it.
extension JobMachine {
    var view: JobView {
        JobView(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, supersessionID: spec.supersessionID,
            state: state, createdAt: createdAt, updatedAt: updatedAt, agents: agents, segments: segments.map(\.view),
            progress: progress, costs: costs, videoURL: phase == .done ? videoURL : nil,
            error: phase == .done ? error : nil, warnings: warnings)
    }

    var receipt: Receipt {
        Receipt(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, state: decidedState, takeover: takeover,
            attempts: attempts,
            segments: segments.map {
                SegmentReceipt(
                    segmentID: $0.id, maker: $0.maker, imageProvider: $0.image?.provider, reused: $0.isReused,
                    cost: $0.cost)
            },
            costs: costs, wasted: wasted, stages: stages.times, videoURL: outcome == .finished ? videoURL : nil,
            warnings: warnings, error: error)
    }

    func message(_ draft: StatusDraft, seq: Int, at now: Timestamp) -> StatusMessage {
        StatusMessage(
            seq: seq, ts: now, jobId: spec.jobID, userId: spec.userID, sessionId: spec.sessionID,
            supersessionId: spec.supersessionID, agentNumber: draft.agent, status: draft.status, message: draft.message,
            segmentId: draft.segmentID, progress: draft.progress, cost: draft.cost, costs: draft.costs,
            videoUrl: draft.videoURL, error: draft.error, jobState: draft.jobState)
    }
}
