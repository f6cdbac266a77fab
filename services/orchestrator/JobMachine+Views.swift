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
        var receipt = Receipt(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, state: decidedState, takeover: takeover,
            attempts: attempts,
            segments: segments.map {
                SegmentReceipt(
                    segmentID: $0.id, maker: $0.maker, imageProvider: $0.image?.provider, reused: $0.isReused,
                    cost: $0.cost)
            },
            costs: costs, wasted: wasted, saved: saved, stages: stages.times,
            videoURL: outcome == .finished ? videoURL : nil, warnings: warnings, error: error)
        let isLeads = segments.allSatisfy { $0.maker == Self.lead } && !segments.isEmpty
        receipt.hedge = hedge > .zero && isLeads ? hedge : nil
        receipt.candidates = candidates.isEmpty ? nil : candidates
        return receipt
    }
}
