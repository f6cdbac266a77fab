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
        var left = spec.options.maxCost.map { $0 - costs.total }
        func afford(_ price: USD) -> Bool {
            guard let rest = left else { return true }
            guard price == .zero || price <= rest else { return false }
            left = rest - price
            return true
        }
        var drawing = 0
        for (index, segment) in segments.enumerated() where segment.maker != Self.lead {
            if segment.image == nil {
                guard drawing < spec.options.imageConcurrency ?? JobDefaults.imageConcurrency else { continue }
                if segment.takesCard {
                    work.insert(.image(segment: index, attempt: segment.imageAttempts, provider: "card"))
                } else if afford(plan?.imagePrice ?? .zero) {
                    work.insert(
                        .image(segment: index, attempt: segment.imageAttempts, provider: spec.options.imageProvider))
                } else if spec.options.onImageFailure == .card {
                    work.insert(.image(segment: index, attempt: segment.imageAttempts, provider: "card"))
                } else {
                    continue
                }
                drawing += 1
            } else if segment.clip == nil {
                if afford(clipPrice) { work.insert(.clip(segment: index)) }
            } else if !segment.isReady {
                work.insert(.narrate(segment: index))
            }
        }
        return work
    }

    private var clipPrice: USD { plan?.clipPrice ?? .zero }
}
