import Contracts

/// What is to be done now, derived from the state alone.
extension JobMachine {
    var work: Set<JobWork> {
        switch phase {
        case .queued, .done: []
        case .chain(let run): [.agent(run.agent, attempt: run.attempt)]
        case .loading: [.load]
        case .lead: hedgeWork.union([.lead(attempt: lead.attempts)])
        case .checking(_, .film): hedgeWork.union([.checkLeadFilm])
        case .checking(_, .clips): hedgeWork.union([.checkLeadClips])
        case .understudy: understudy.work(ledger.granted, left: moneyLeft)
        case .stitching(let run): run.failure == nil ? understudy.narrations.union([.stitch]) : understudy.narrations
        case .verifying: understudy.narrations.isEmpty ? [.verifyFilm] : understudy.narrations
        case .settling: [.settle]
        }
    }

    private var hedgeWork: Set<JobWork> {
        guard isHedging else { return [] }
        let rest = hedgeLeft
        return understudy.hedgeWork(ledger.granted, left: moneyLeft.map { min($0, rest) } ?? rest)
    }

    /// Whether stills are prepared at the moment.
    var isHedging: Bool {
        guard lead.isHedged else { return false }
        return switch phase {
        case .lead(let run), .checking(let run, _): run.upgrade == nil
        default: false
        }
    }

    /// What of the job's limit is left; `nil` without a limit.
    private var moneyLeft: USD? { ledger.left(of: spec.options.maxCost) }

    /// What is left of the hedge's budget: `hedge_max_cost_usd`, and at most half of the job's limit.
    private var hedgeLeft: USD {
        let limit = spec.options.hedgeMaxCost ?? JobDefaults.hedgeMaxCost
        let half = spec.options.maxCost.map { USD(micros: $0.micros / 2) } ?? limit
        return max(min(limit, half) - ledger.hedge, .zero)
    }

    // MARK: - What the runner asks

    /// What the lead may spend; `nil` without a limit. A job with a hedge reserves the hedge's budget before the lead is called, so
    /// that both together keep the job's limit.
    var leadBudget: USD? {
        let options = spec.options
        let mayHedge = phase.upgrade == nil && (lead.isHedged || options.hedgeAfter != nil || options.hedge == .p95)
        return moneyLeft.map { max($0 - (mayHedge ? hedgeLeft : .zero), .zero) }
    }

    /// The number of the call that the lead gets.
    var leadCall: Int { lead.call(ledger) }

    /// The lead asked to be left alone until then.
    var leadNotBefore: Timestamp? { if case .lead(let run) = phase { run.notBefore } else { nil } }

    /// What the lead is asked for; `nil` for the whole film.
    var leadWish: LeadWish? {
        phase.upgrade.map { upgrade in
            LeadWish(segments: segments.map(\.id).filter(upgrade.wanted.contains), cost: upgrade.cost)
        }
    }

    /// What of the lead is being checked.
    var delivery: Delivery? { if case .checking(_, let delivery) = phase { delivery } else { nil } }

    /// Whether all pictures of the film are to be encoded.
    var reencodesFilm: Bool { if case .stitching(let run) = phase { run.reencodes } else { false } }

    /// Whether a film that fails its check may be stitched again: once, and only where pictures were copied into it.
    var mayReencodeFilm: Bool {
        if case .verifying(let run, let film) = phase { film.isCopied && !run.reencodes } else { false }
    }
}
