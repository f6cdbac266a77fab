import Contracts

/// What is to be done now, derived from the state alone.
extension JobMachine {
    var work: Set<JobWork> {
        switch phase {
        case .queued, .done: []
        case .loading: [.load]
        case .lead: [.lead(attempt: leadAttempt)]
        case .checkingLeadFilm: [.checkLeadFilm]
        case .checkingLeadClips: [.checkLeadClips]
        case .fallback: segmentWork
        case .stitching: [.stitch]
        case .verifying: [.verifyFilm]
        case .settling: [.settle]
        }
    }

    /// Stills so many at a time in the film's order, clips and narrations as soon as they can be made. Nothing that costs is
    /// begun unless it fits the job's limit together with all else that is under way.
    private var segmentWork: Set<JobWork> {
        var work: Set<JobWork> = []
        var budget = Budget(left: spec.options.maxCost.map { $0 - costs.total })
        var (undrawn, inHand) = (tally.undrawn[...], tally.inHand[...])
        var room = spec.options.imageConcurrency ?? JobDefaults.imageConcurrency
        while true {
            if room == 0 { undrawn = [] }
            guard let index = [undrawn.first, inHand.first].compactMap({ $0 }).min() else { return work }
            let segment = segments[index]
            if undrawn.first == index {
                undrawn.removeFirst()
                guard let painter = painter(of: segment, &budget) else { continue }
                work.insert(.image(segment: index, attempt: segment.imageAttempts, provider: painter.name))
                room -= 1
            } else {
                inHand.removeFirst()
                if segment.clip != nil {
                    work.insert(.narrate(segment: index))
                } else if budget.affords(plan?.clipPrice ?? .zero) {
                    work.insert(.clip(segment: index))
                }
            }
        }
    }

    /// Who draws a still; `nil` where nobody may.
    private func painter(of segment: SegmentRecord, _ budget: inout Budget) -> Painter? {
        if segment.takesCard { return Painter(name: Self.card) }
        if budget.affords(plan?.imagePrice ?? .zero) { return Painter(name: spec.options.imageProvider) }
        return spec.options.onImageFailure == .card ? Painter(name: Self.card) : nil
    }

    private struct Painter {
        /// `nil` for imagegen's own default.
        var name: String?
    }

    /// The provider that needs neither network nor money.
    static let card = "card"

    /// What may still be spent.
    private struct Budget {
        /// `nil` without a limit.
        var left: USD?

        mutating func affords(_ price: USD) -> Bool {
            guard let rest = left, price > .zero else { return true }
            guard price <= rest else { return false }
            left = rest - price
            return true
        }
    }
}
