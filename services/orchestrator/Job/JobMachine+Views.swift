import Contracts
import Faults

/// A job as others see it.
extension JobMachine {
    var ledger: Ledger { record.ledger }
    var updatedAt: Timestamp { record.now }
    var plan: JobPlan? { understudy.plan }
    var segments: [SegmentRecord] { understudy.segments }
    var tally: SegmentTally { understudy.tally }
    var agents: [Agent: AgentView] { record.agents }
    var warnings: [String] { record.warnings }
    var costs: Costs { ledger.costs }
    var wasted: USD { ledger.wasted }
    var unknown: USD { ledger.unknown }
    var attempts: [Attempt] { ledger.attempts }
    var unsettled: Set<JobWork> { ledger.unsettled }
    var takeover: Takeover? { lead.takeover }
    var candidates: [Candidate] { lead.candidates }
    /// The artifact URI of the film, checked or not.
    var videoURL: String? { phase.film?.url }
    /// Seconds.
    var filmDuration: Double? { phase.film?.duration }

    var state: JobState {
        switch phase {
        case .queued: .queued
        case .done(let outcome): outcome.state
        default: .running
        }
    }

    /// What the job was decided to come to, before that is visible.
    var decidedState: JobState { phase.outcome?.state ?? state }

    var error: ServiceError? { if case .failed(let error) = phase.outcome { error } else { nil } }

    /// Who is at work: the lead until the understudy has stepped in.
    var actor: Agent { understudy.hasBegun ? .understudy : .lead }

    /// Stills, clips and the stitching, done of all.
    var progress: Progress { understudy.progress(isStitched: phase.film != nil) }

    var view: JobView {
        let isDone = phase.kind == .done
        var view = JobView(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, supersessionID: spec.supersessionID,
            state: state, createdAt: createdAt, updatedAt: updatedAt, agents: agents, segments: segmentViews,
            progress: progress, costs: costs, videoURL: state == .finished ? videoURL : nil,
            error: isDone ? error : nil, warnings: warnings)
        view.wasted = wasted > .zero ? wasted : nil
        view.unknown = unknown > .zero ? unknown : nil
        return view.withinBudget
    }

    private var segmentViews: [SegmentView] {
        let spent = ledger.secondsBySegment
        let steps = Dictionary(ledger.granted.compactMap { work in work.segment.map { ($0, work) } }) { first, _ in
            first
        }
        return segments.enumerated().map { index, segment in
            SegmentView(
                segmentID: segment.id, duration: segment.duration, state: segment.state(steps[index]),
                maker: segment.maker,
                image: segment.still?.image, clip: segment.clip,
                madeIn: segment.maker == .understudy ? spent[segment.id] : nil, cost: ledger.cost(of: segment.id),
                error: segment.error)
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
        let isFinished = decidedState == .finished
        var receipt = Receipt(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, state: decidedState, takeover: takeover,
            attempts: attempts,
            segments: segments.map {
                SegmentReceipt(
                    segmentID: $0.id, maker: $0.maker, imageProvider: $0.still?.provider, reused: $0.isReused,
                    cost: ledger.cost(of: $0.id))
            }, costs: costs, wasted: wasted, saved: ledger.saved, stages: ledger.stages,
            videoURL: isFinished ? videoURL : nil, warnings: warnings, error: error)
        let isLeads = segments.allSatisfy { $0.maker == .lead } && !segments.isEmpty
        receipt.hedge = ledger.hedge > .zero && isLeads ? ledger.hedge : nil
        receipt.unknown = unknown > .zero ? unknown : nil
        receipt.candidates = candidates.isEmpty ? nil : candidates
        return receipt.withinBudget
    }
}
