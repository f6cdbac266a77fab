// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults

/// What a job shows to callers: its view, its receipt, and their parts.
extension JobMachine {
    var ledger: Ledger { record.ledger }
    /// The time of the last event.
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
    /// The duration of the film in seconds.
    var filmDuration: Double? { phase.film?.duration }

    var state: JobState {
        switch phase {
        case .queued: .queued
        case .done(let outcome): outcome.state
        default: .running
        }
    }

    /// The final state once it is decided, even if it is not visible yet; else the current state.
    var decidedState: JobState { phase.outcome?.state ?? state }

    var error: ServiceError? { if case .failed(let error) = phase.outcome { error } else { nil } }

    /// The agent that makes the film: the lead until the takeover, then the understudy.
    var activeAgent: Agent { understudy.hasBegun ? .understudy : .lead }

    /// Finished steps of all steps: stills, clips and the stitching.
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
        let steps = Dictionary(ledger.inFlight.compactMap { work in work.segment.map { ($0, work) } }) { first, _ in
            first
        }
        return segments.enumerated().map { index, segment in
            SegmentView(
                segmentID: segment.id, title: plan?.chapterTitle(index), duration: segment.duration,
                state: segment.state(steps[index]), maker: segment.maker, image: segment.still?.image,
                clip: segment.clip,
                productionTime: segment.maker == .understudy ? spent[segment.id] : nil,
                cost: ledger.cost(of: segment.id),
                error: segment.error)
        }
    }

    /// The visual guidance of each segment, in the film's order; `nil` if it exceeds `maximumGuidance`.
    var guidance: [String]? {
        let texts = zip(segments, plan?.segments ?? []).map { $0.guidance ?? $1.guidance }
        var size = 0
        // A control character takes six bytes in JSON.
        for text in texts { size += text.utf8.reduce(0) { $0 + ($1 < 0x20 || $1 == 0x22 || $1 == 0x5C ? 6 : 1) } }
        return size <= Self.maximumGuidance ? texts : nil
    }

    /// The maximum size of all segments' `visual_guidance` in a job's view, in bytes of JSON.
    private static let maximumGuidance = 1 << 20

    var receipt: Receipt {
        let isFinished = decidedState == .finished
        var receipt = Receipt(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, state: decidedState, takeover: takeover,
            attempts: attempts,
            segments: segments.map {
                SegmentReceipt(
                    segmentID: $0.id, maker: $0.maker, imageProvider: $0.still?.provider, isReused: $0.isReused,
                    cost: ledger.cost(of: $0.id))
            }, costs: costs, wasted: wasted, saved: ledger.saved, stages: ledger.stages,
            videoURL: isFinished ? videoURL : nil, warnings: warnings, error: error)
        let isLeads = segments.allSatisfy { $0.maker == .lead } && !segments.isEmpty
        receipt.hedge = ledger.hedge > .zero && isLeads ? ledger.hedge : nil
        receipt.unknown = unknown > .zero ? unknown : nil
        receipt.candidates = candidates.isEmpty ? nil : candidates
        receipt.traceID = spec.trace?.traceID
        return receipt.withinBudget
    }
}
