import Contracts

/// What is to be done now, derived from the state alone.
extension JobMachine {
    var work: Set<JobWork> {
        switch phase {
        case .queued, .done: []
        case .chain(let agent): [.agent(agent, attempt: chainAttempt)]
        case .loading: [.load]
        case .lead: warmUpWork.union([.lead(attempt: leadAttempt)])
        case .checkingLeadFilm: warmUpWork.union([.checkLeadFilm])
        case .checkingLeadClips: warmUpWork.union([.checkLeadClips])
        case .fallback: segmentWork
        case .stitching: [.stitch]
        case .verifying: [.verifyFilm]
        case .settling: [.settle]
        }
    }

    /// Stills so many at a time in the film's order, clips and narrations as soon as they can be made.
    ///
    /// Nothing that costs is begun unless it fits the job's limit together with all that is under way and all that must follow:
    /// a still is bought only with the money for its clip and the film at hand. What is under way is never withdrawn for want
    /// of money: it is paid already.
    private var segmentWork: Set<JobWork> {
        var purse = Purse(left: moneyLeft.map { $0 - (plan?.stitchPrice ?? .zero) })
        var work: Set<JobWork> = []
        for kept in granted {
            guard let index = kept.segment, isOpen(index), next(of: index).contains(kept) else { continue }
            purse.pay(price(of: kept))
            work.insert(kept)
        }
        // Clips before stills: their money was put aside with the still.
        for index in tally.inHand {
            guard let next = next(of: index).first, !work.contains(next) else { continue }
            if purse.reserve(price(of: next)) { work.insert(next) }
        }
        var drawing = work.count { if case .image = $0 { true } else { false } }
        for index in tally.undrawn {
            guard drawing < spec.options.imageConcurrency ?? JobDefaults.imageConcurrency else { break }
            let choices = next(of: index)
            guard work.isDisjoint(with: choices), let still = choices.first(where: { purse.reserve(price(of: $0)) })
            else { continue }
            work.insert(still)
            drawing += 1
        }
        return work
    }

    /// The provider that needs neither network nor money.
    static let card = "card"
    /// Who draws where the user gave the picture.
    static let given = "given"

    private func isOpen(_ index: Int) -> Bool {
        segments.indices.contains(index) && segments[index].maker != .lead && !segments[index].isReady
    }

    /// The next step of a segment; of stills the one that is wanted, then the one that is allowed in its place.
    func next(of index: Int) -> [JobWork] {
        let segment = segments[index]
        if segment.clip != nil { return [.narrate(segment: index)] }
        if segment.image != nil { return [.clip(segment: index)] }
        let card = JobWork.image(segment: index, attempt: segment.imageAttempts, provider: Self.card)
        if segment.takesCard { return [card] }
        if segment.given != nil {
            return [.image(segment: index, attempt: segment.imageAttempts, provider: Self.given)]
        }
        let wanted = JobWork.image(
            segment: index, attempt: segment.imageAttempts, provider: spec.options.imageProvider)
        return spec.options.onImageFailure == .card ? [wanted, card] : [wanted]
    }

    /// What must be at hand for a step to begin.
    private func price(of work: JobWork) -> USD {
        let clip = plan?.clipPrice ?? .zero
        return switch work {
        case .image(_, _, let provider): stillPrice(provider) + clip
        case .clip: clip
        default: .zero
        }
    }
}

/// What of a job's limit is neither spent nor promised.
struct Purse {
    /// `nil` without a limit; below zero where what is under way costs more than there is.
    var left: USD?

    /// Takes what is paid already.
    mutating func pay(_ amount: USD) { left = left.map { $0 - amount } }

    /// Promises an amount. -> whether there is that much.
    mutating func reserve(_ amount: USD) -> Bool {
        guard amount > .zero, let rest = left else { return true }
        guard amount <= rest else { return false }
        left = rest - amount
        return true
    }
}
