import Contracts
import JSONRPC

/// The warm understudy: stills that are prepared while the lead takes long, so that a takeover finds them ready.
extension JobMachine {
    /// Whether the lead has its part at the moment.
    var isLeadAtWork: Bool {
        switch phase {
        case .lead, .checkingLeadFilm, .checkingLeadClips: true
        default: false
        }
    }

    var isWarmingUp: Bool { isHedged && isLeadAtWork && upgrade == nil }

    mutating func warmUp(_ drafts: inout [StatusDraft]) {
        guard phase == .lead, !isHedged, upgrade == nil else { return }
        isHedged = true
        drafts.append(
            say(.understudy, .processing, "Agent5 takes long: Agent6 prepares stills", progress: progress))
    }

    /// What is left of the hedge's budget: `hedge_max_cost_usd`, and at most half of the job's limit.
    private var hedgeLeft: USD {
        let limit = spec.options.hedgeMaxCost ?? JobDefaults.hedgeMaxCost
        let half = spec.options.maxCost.map { USD(micros: $0.micros / 2) } ?? limit
        return max(min(limit, half) - hedge, .zero)
    }

    /// What the lead may spend; `nil` without a limit. A job with a hedge reserves the hedge's budget before the lead is called, so
    /// that both together keep the job's limit.
    var leadBudget: USD? {
        let options = spec.options
        let mayHedge = upgrade == nil && (isHedged || options.hedgeAfter != nil || options.hedge == .p95)
        return moneyLeft.map { max($0 - (mayHedge ? hedgeLeft : .zero), .zero) }
    }

    /// Speculative stills, at most `imageConcurrency` at a time and within the hedge's budget; each is attempted twice.
    var warmUpWork: Set<JobWork> {
        guard isWarmingUp else { return [] }
        let rest = hedgeLeft
        var purse = Purse(left: moneyLeft.map { min($0, rest) } ?? rest)
        var work: Set<JobWork> = []
        for kept in granted {
            guard case .image(let index, let attempt, let provider) = kept, segments.indices.contains(index),
                segments[index].image == nil, attempt == segments[index].imageAttempts
            else { continue }
            purse.pay(stillPrice(provider))
            work.insert(kept)
        }
        for index in tally.undrawn where !segments[index].isSpareGivenUp {
            guard work.count < spec.options.imageConcurrency ?? JobDefaults.imageConcurrency else { break }
            guard let wanted = next(of: index).first, !work.contains(where: { $0.segment == index }) else { continue }
            guard case .image(_, _, let provider) = wanted, purse.reserve(stillPrice(provider)) else { continue }
            work.insert(wanted)
        }
        return work
    }

    /// What a provider's still costs.
    func stillPrice(_ provider: String?) -> USD {
        provider == Self.card || provider == Self.given ? .zero : plan?.imagePrice ?? .zero
    }

    /// The rule of journals with `imageFailed`: a still that cannot be prepared is no failure yet.
    mutating func warmUpFailed(_ index: Int, _ error: ServiceError) {
        change(index) { segment in
            segment.imageAttempts = Self.isHopeless(error) ? 2 : segment.imageAttempts + 1
            segment.isSpareGivenUp = segment.imageAttempts >= 2
        }
    }

    /// What was prepared, and not needed then, is needed now.
    mutating func useSpares() {
        guard segments.contains(where: { $0.spare != nil }) else { return }
        changeAll { segment in
            guard let spare = segment.spare, segment.image == nil, segment.clip == nil else { return }
            segment.image = spare
            segment.maker = .understudy
            segment.isReused = true
            segment.spare = nil
        }
    }
}
