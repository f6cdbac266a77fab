import Contracts

/// A job as others see it.
extension JobMachine {
    var view: JobView {
        var view = JobView(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, supersessionID: spec.supersessionID,
            state: state, createdAt: createdAt, updatedAt: updatedAt, agents: agents, segments: segmentViews,
            progress: progress, costs: costs, videoURL: phase == .done ? videoURL : nil,
            error: phase == .done ? error : nil, warnings: warnings)
        view.wasted = wasted > .zero ? wasted : nil
        view.unknown = unknown > .zero ? unknown : nil
        return view.withinBudget
    }

    private var segmentViews: [SegmentView] {
        var spent: [String: Int64] = [:]
        for attempt in attempts {
            guard let id = attempt.segmentID, let end = attempt.endedAt else { continue }
            spent[id, default: 0] += end.milliseconds - attempt.startedAt.milliseconds
        }
        return segments.map { segment in
            var view = segment.view
            if segment.maker == .understudy { view.madeIn = spent[segment.id].map { Double($0) / 1000 } }
            return view
        }
    }

    /// What each segment's picture shows, in the film's order; `nil` where that is too much for a line of the wire.
    var guidance: [String]? {
        let texts = zip(segments, plan?.segments ?? []).map { $0.guidance ?? $1.guidance }
        var size = 0
        // A control character takes six bytes in JSON.
        for text in texts { size += text.utf8.reduce(0) { $0 + ($1 < 0x20 || $1 == 0x22 || $1 == 0x5C ? 6 : 1) } }
        return size <= Self.maximumGuidance ? texts : nil
    }

    /// Bytes of all segments' `visual_guidance` that a job's view has room for.
    private static let maximumGuidance = 1 << 20

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
        let isLeads = segments.allSatisfy { $0.maker == .lead } && !segments.isEmpty
        receipt.hedge = hedge > .zero && isLeads ? hedge : nil
        receipt.unknown = unknown > .zero ? unknown : nil
        receipt.candidates = candidates.isEmpty ? nil : candidates
        return receipt.withinBudget
    }
}
