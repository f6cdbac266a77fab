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
            say(Self.understudy, .processing, "Agent5 takes long: Agent6 prepares stills", progress: progress))
    }

    /// Stills so many at a time, as far as the limit for what may turn out not to be needed goes. Each is tried twice.
    var warmUpWork: Set<JobWork> {
        guard isWarmingUp else { return [] }
        let rest = (spec.options.hedgeMaxCost ?? JobDefaults.hedgeMaxCost) - hedge
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
            segment.maker = Self.understudy
            segment.isReused = true
            segment.spare = nil
        }
    }
}
