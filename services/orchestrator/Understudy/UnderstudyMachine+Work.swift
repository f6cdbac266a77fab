import Contracts

/// What the understudy is to do now, derived from its segments, what is under way and what may be spent.
extension UnderstudyMachine {
    /// Stills at most `imageConcurrency` at a time in the film's order, clips and narrations as soon as they can be made.
    ///
    /// Nothing that costs is begun unless it fits the job's limit together with all that is under way and all that must follow:
    /// a still is bought only with the money for its clip and the film at hand. What is under way is never withdrawn for want
    /// of money: it is paid already.
    ///
    /// - Parameters:
    ///   - granted: what is under way.
    ///   - left: of the job's limit; `nil` without a limit.
    func work(_ granted: Set<JobWork>, left: USD?) -> Set<JobWork> {
        var budget = Budget(left: left.map { $0 - (plan?.stitchPrice ?? .zero) })
        var work: Set<JobWork> = []
        for kept in granted {
            guard let index = kept.segment, isOpen(index), next(of: index).contains(kept) else { continue }
            budget.pay(price(of: kept))
            work.insert(kept)
        }
        // Clips before stills: their money was put aside with the still.
        for index in tally.inHand {
            guard let next = next(of: index).first, !work.contains(next) else { continue }
            if budget.reserve(price(of: next)) { work.insert(next) }
        }
        var drawing = work.count { if case .still = $0 { true } else { false } }
        for index in tally.undrawn {
            guard drawing < options.imageConcurrency ?? JobDefaults.imageConcurrency else { break }
            let choices = next(of: index)
            guard work.isDisjoint(with: choices), let still = choices.first(where: { budget.reserve(price(of: $0)) })
            else { continue }
            work.insert(still)
            drawing += 1
        }
        return work
    }

    /// The narrations that are still to replace the sound of clips.
    var narrations: Set<JobWork> {
        Set(tally.inHand.filter { segments[$0].clip != nil }.map { .narrate(segment: $0) })
    }

    /// Speculative stills, at most `imageConcurrency` at a time and within the hedge's budget; each is attempted twice.
    ///
    /// - Parameters:
    ///   - granted: what is under way.
    ///   - left: of the hedge's budget.
    func hedgeWork(_ granted: Set<JobWork>, left: USD) -> Set<JobWork> {
        var budget = Budget(left: left)
        var work: Set<JobWork> = []
        for kept in granted {
            guard case .still(let index, let attempt, let provider) = kept, lacksStill(index),
                attempt == segments[index].stillAttempts
            else { continue }
            budget.pay(stillPrice(provider))
            work.insert(kept)
        }
        for index in tally.undrawn where !segments[index].isSpareGivenUp {
            guard work.count < options.imageConcurrency ?? JobDefaults.imageConcurrency else { break }
            guard let wanted = next(of: index).first, !work.contains(where: { $0.segment == index }) else { continue }
            guard case .still(_, _, let provider) = wanted, budget.reserve(stillPrice(provider)) else { continue }
            work.insert(wanted)
        }
        return work
    }

    /// What a provider's still costs.
    func stillPrice(_ provider: String?) -> USD {
        provider == StillProvider.card || provider == StillProvider.given ? .zero : plan?.imagePrice ?? .zero
    }

    private func isOpen(_ index: Int) -> Bool {
        segments.indices.contains(index) && segments[index].maker != .lead && !segments[index].isReady
    }

    /// The next step of a segment; of stills the one that is wanted, then the one that is allowed in its place.
    private func next(of index: Int) -> [JobWork] {
        let segment = segments[index]
        if segment.clip != nil { return [.narrate(segment: index)] }
        if segment.still != nil { return [.clip(segment: index)] }
        let card = JobWork.still(segment: index, attempt: segment.stillAttempts, provider: StillProvider.card)
        if segment.takesCard { return [card] }
        if segment.given != nil {
            return [.still(segment: index, attempt: segment.stillAttempts, provider: StillProvider.given)]
        }
        let wanted = JobWork.still(segment: index, attempt: segment.stillAttempts, provider: options.imageProvider)
        return options.onImageFailure == .card ? [wanted, card] : [wanted]
    }

    /// What must be at hand for a step to begin.
    private func price(of work: JobWork) -> USD {
        let clip = plan?.clipPrice ?? .zero
        return switch work {
        case .still(_, _, let provider): stillPrice(provider) + clip
        case .clip: clip
        default: .zero
        }
    }
}
