// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The understudy's work, derived from its segments, the work in flight and the remaining budget.
extension UnderstudyMachine {
    /// The work for the film: stills in the film's order, at most `imageConcurrency` at a time; clips and narrations as soon as possible.
    ///
    /// Paid work is started only if it fits the remaining `Budget` of `max_cost_usd` together with all work in flight and all
    /// work that must follow. A still reserves the price of its clip too, and the price of the stitching is always reserved. Work in
    /// flight is never stopped for lack of budget, because it is already paid for.
    ///
    /// - Parameters:
    ///   - inFlight: the work in flight.
    ///   - remaining: what remains of `max_cost_usd`; `nil` without a limit.
    func work(_ inFlight: Set<JobWork>, remaining: USD?) -> Set<JobWork> {
        var budget = Budget(remaining: remaining.map { $0 - (plan?.stitchPrice ?? .zero) })
        var work: Set<JobWork> = []
        for current in inFlight {
            guard let index = current.segment, isUnfinished(index), nextSteps(of: index).contains(current) else {
                continue
            }
            budget.spend(price(of: current))
            work.insert(current)
        }
        // Clips before stills: their price was reserved with the still.
        for index in tally.inProgress {
            guard let next = nextSteps(of: index).first, !work.contains(next) else { continue }
            if budget.reserve(price(of: next)) { work.insert(next) }
        }
        var drawing = work.count { if case .still = $0 { true } else { false } }
        for index in tally.withoutStill {
            guard drawing < options.imageConcurrency ?? JobDefaults.imageConcurrency else { break }
            let choices = nextSteps(of: index)
            guard work.isDisjoint(with: choices), let still = choices.first(where: { budget.reserve(price(of: $0)) })
            else { continue }
            work.insert(still)
            drawing += 1
        }
        return work
    }

    /// The narrations that clips still need.
    var narrations: Set<JobWork> {
        Set(tally.inProgress.filter { segments[$0].clip != nil }.map { .narrate(segment: $0) })
    }

    /// Speculative stills, at most `imageConcurrency` at a time and within the hedge's budget; each is attempted twice.
    ///
    /// - Parameters:
    ///   - inFlight: the work in flight.
    ///   - remaining: what remains of the hedge's budget.
    func hedgeWork(_ inFlight: Set<JobWork>, remaining: USD) -> Set<JobWork> {
        var budget = Budget(remaining: remaining)
        var work: Set<JobWork> = []
        for current in inFlight {
            guard case .still(let index, let attempt, let provider) = current, lacksStill(index),
                attempt == segments[index].stillAttempts
            else { continue }
            budget.spend(stillPrice(provider))
            work.insert(current)
        }
        for index in tally.withoutStill where !segments[index].hasSpeculativeStillFailed {
            guard work.count < options.imageConcurrency ?? JobDefaults.imageConcurrency else { break }
            guard let wanted = nextSteps(of: index).first, !work.contains(where: { $0.segment == index }) else {
                continue
            }
            guard case .still(_, _, let provider) = wanted, budget.reserve(stillPrice(provider)) else { continue }
            work.insert(wanted)
        }
        return work
    }

    /// The price of a provider's still.
    func stillPrice(_ provider: String?) -> USD {
        provider == StillProvider.card || provider == StillProvider.userImage ? .zero : plan?.imagePrice ?? .zero
    }

    private func isUnfinished(_ index: Int) -> Bool {
        segments.indices.contains(index) && segments[index].maker != .lead && !segments[index].isReady
    }

    /// The possible next steps of a segment in order of preference: a still of the chosen provider, then the card that may replace it.
    private func nextSteps(of index: Int) -> [JobWork] {
        let segment = segments[index]
        if segment.clip != nil { return [.narrate(segment: index)] }
        if segment.still != nil { return [.clip(segment: index)] }
        let card = JobWork.still(segment: index, attempt: segment.stillAttempts, provider: StillProvider.card)
        if segment.usesCard { return [card] }
        if segment.userImage != nil {
            return [.still(segment: index, attempt: segment.stillAttempts, provider: StillProvider.userImage)]
        }
        let wanted = JobWork.still(segment: index, attempt: segment.stillAttempts, provider: options.imageProvider)
        return options.onImageFailure == .card ? [wanted, card] : [wanted]
    }

    /// The amount to reserve before a step starts: its own price and that of the steps it leads to.
    private func price(of work: JobWork) -> USD {
        let clip = plan?.clipPrice ?? .zero
        return switch work {
        case .still(_, _, let provider): stillPrice(provider) + clip
        case .clip: clip
        default: .zero
        }
    }
}
