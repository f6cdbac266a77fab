// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The work that a job needs now, derived from its state alone.
extension JobMachine {
    /// The work that must be under way now. `JobRunner` starts what is missing and cancels what is no longer in it.
    var work: Set<JobWork> {
        switch phase {
        case .queued, .done: []
        case .chain(let run): [.agent(run.agent, attempt: run.attempt)]
        case .loading: [.load]
        case .lead: hedgeWork.union([.lead(attempt: lead.attempts)])
        case .checking(_, .film): hedgeWork.union([.checkLeadFilm])
        case .checking(_, .clips): hedgeWork.union([.checkLeadClips])
        case .understudy: understudy.work(ledger.inFlight, remaining: remainingBudget)
        case .stitching(let run): run.failure == nil ? understudy.narrations.union([.stitch]) : understudy.narrations
        case .verifying: understudy.narrations.isEmpty ? [.verifyFilm] : understudy.narrations
        case .settling: [.settle]
        }
    }

    private var hedgeWork: Set<JobWork> {
        guard isHedging else { return [] }
        let hedgeBudget = remainingHedgeBudget
        return understudy.hedgeWork(
            ledger.inFlight, remaining: remainingBudget.map { min($0, hedgeBudget) } ?? hedgeBudget)
    }

    /// Whether stills are being prepared speculatively.
    var isHedging: Bool {
        guard lead.isHedged else { return false }
        return switch phase {
        case .lead(let run), .checking(let run, _): run.upgrade == nil
        default: false
        }
    }

    /// What remains of `max_cost_usd`; `nil` without a limit.
    private var remainingBudget: USD? { ledger.remaining(of: spec.options.maxCost) }

    /// What remains of the hedge's budget, which is `hedge_max_cost_usd`, but at most half of `max_cost_usd`.
    private var remainingHedgeBudget: USD {
        let limit = spec.options.hedgeMaxCost ?? JobDefaults.hedgeMaxCost
        let half = spec.options.maxCost.map { USD(micros: $0.micros / 2) } ?? limit
        return max(min(limit, half) - ledger.hedge, .zero)
    }

    // MARK: - Parameters of the work

    /// What the lead may spend, sent as its `max_cost_usd`; `nil` without a limit. The hedge's budget is reserved before the lead is
    /// called, so that both together stay within the job's limit.
    var leadBudget: USD? {
        let options = spec.options
        let mayHedge = phase.upgrade == nil && (lead.isHedged || options.hedgeAfter != nil || options.hedge == .p95)
        return remainingBudget.map { max($0 - (mayHedge ? remainingHedgeBudget : .zero), .zero) }
    }

    /// The number of the lead's call, part of its idempotency key.
    var leadCallNumber: Int { lead.callNumber(ledger) }
    /// Whether the lead's next attempt repeats one whose reply was lost with the lead's process.
    var repeatsLostLeadCall: Bool { lead.repeatsLostCall(ledger) }

    /// The earliest time of the lead's next call, as requested by a rate limit; `nil` if it may be called now.
    var leadNotBefore: Timestamp? { if case .lead(let run) = phase { run.notBefore } else { nil } }

    /// The clips requested from the lead; `nil` for the whole film.
    var leadClipRequest: LeadClipRequest? {
        phase.upgrade.map { upgrade in
            LeadClipRequest(segments: segments.map(\.id).filter(upgrade.segmentIDs.contains), cost: upgrade.cost)
        }
    }

    /// The lead's delivery that is being checked.
    var delivery: Delivery? { if case .checking(_, let delivery) = phase { delivery } else { nil } }

    /// Whether the stitcher must encode all frames instead of copying them.
    var reencodesFilm: Bool { if case .stitching(let run) = phase { run.reencodes } else { false } }

    /// Whether a film that fails its check may be stitched again: once, and only if it contains copied frames.
    var mayReencodeFilm: Bool {
        if case .verifying(let run, let film) = phase { film.isCopied && !run.reencodes } else { false }
    }
}
