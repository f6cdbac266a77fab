import Contracts
import JSONRPC

/// The understudy's part: stills, clips and narration of each segment, then the film.
extension JobMachine {
    mutating func applySegment(_ event: JobEvent, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        switch event {
        case .imageMade(let index, let image, let startedAt):
            guard segments.indices.contains(index), segments[index].image == nil else { return }
            change(index) { segment in
                segment.image = image
                segment.maker = .understudy
                segment.error = nil
            }
            spend(image.cost, on: index)
            lose(image.wasted ?? .zero, unknown: image.unknown ?? .zero, on: index)
            if isWarmingUp { hedge += image.cost }
            saved += image.saved ?? .zero
            done(
                .still, index, startedAt, now, image.cost + (image.wasted ?? .zero), unknown: image.unknown)
            stages.ran(.stills, from: startedAt, to: now)
            warnings += (image.warnings ?? []).map { "\(segments[index].id): \($0)" }
            tell("drew the still of", index, &drafts)
        case .imageFailed(let index, let error, let startedAt):
            guard segments.indices.contains(index), segments[index].image == nil else { return }
            done(.still, index, startedAt, now, .zero, error)
            stages.ran(.stills, from: startedAt, to: now)
            isWarmingUp ? warmUpFailed(index, error) : imageFailed(index, error, &drafts)
        case .stillFailed(let index, let error, let startedAt):
            guard segments.indices.contains(index), segments[index].image == nil else { return }
            lose(error.wasted, unknown: error.unknown, on: index)
            done(.still, index, startedAt, now, error.wasted, unknown: error.unknown, error)
            stages.ran(.stills, from: startedAt, to: now)
            stillFailed(index, error, &drafts)
        case .clipMade(let index, let clip, let startedAt):
            guard segments.indices.contains(index), segments[index].clip == nil else { return }
            change(index) { $0.clip = clip.clip }
            spend(clip.cost, on: index)
            done(.clip, index, startedAt, now, clip.cost)
            stages.ran(.clips, from: startedAt, to: now)
            warnings += (clip.warnings ?? []).map { "\(segments[index].id): \($0)" }
            tell("made the clip of", index, &drafts)
        case .clipFailed(let index, let error, let startedAt):
            guard segments.indices.contains(index), segments[index].clip == nil else { return }
            change(index) { $0.error = error }
            done(.clip, index, startedAt, now, .zero, error)
            failFallback(named(error, index))
        case .narrated(let index, let startedAt, let trimmed):
            guard segments.indices.contains(index), segments[index].narration == .pending else { return }
            change(index) { $0.narration = .done }
            done(.narration, index, startedAt, now, .zero)
            stages.ran(.narration, from: startedAt, to: now)
            tell("narrated", index, &drafts)
            warnOfCut(index, trimmed, &drafts)
        case .narrationFailed(let index, let error, let startedAt):
            guard segments.indices.contains(index), segments[index].narration == .pending else { return }
            change(index) { $0.narration = .failed }
            done(.narration, index, startedAt, now, .zero, error)
            stages.ran(.narration, from: startedAt, to: now)
            let warning = "\(segments[index].id): \(error.message); this part of the film is silent"
            warnings.append(warning)
            drafts.append(
                say(
                    .understudy, .processing, "warning: \(warning)", segmentID: segments[index].id,
                    progress: progress))
        default:
            break
        }
    }

    mutating func applyFilm(_ event: JobEvent, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        switch (event, phase) {
        case (.stitched(let film, let startedAt, let trimmed), .stitching):
            stages.ran(.stitch, from: startedAt, to: now)
            costs.understudy += film.cost
            attempted(actor, .stitch, from: startedAt, to: now, cost: film.cost)
            for warning in film.warnings ?? [] where !warnings.contains(warning) { warnings.append(warning) }
            for (index, segment) in segments.enumerated() { warnOfCut(index, trimmed?[segment.id], &drafts) }
            videoURL = film.video
            filmDuration = film.duration
            filmIsCopied = film.backend == .local && film.copiedFrames > 0
            phase = .verifying
            drafts.append(say(actor, .processing, "stitched the film, which is being checked", progress: progress))
        case (.stitchFailed(let error, let startedAt), .stitching):
            stages.ran(.stitch, from: startedAt, to: now)
            attempted(actor, .stitch, from: startedAt, to: now, error: error)
            if upgrade != nil { return abandonUpgrade(error, &drafts) }
            fallbackHasBegun ? failFallback(error) : conclude(.failed(error))
        case (.filmVerified(let found, let startedAt, let seconds), .verifying):
            warnings += found ?? []
            filmDuration = seconds ?? filmDuration
            stages.ran(.verify, from: startedAt, to: now)
            conclude(.finished)
        case (.filmSpoiled(let error, let startedAt), .verifying) where mayReencodeFilm:
            stages.ran(.verify, from: startedAt, to: now)
            attempted(actor, .stitch, from: startedAt, to: now, error: error)
            warnings.append("\(error.message); the film was encoded again as a whole")
            videoURL = nil
            filmDuration = nil
            reencodesFilm = true
            phase = .stitching
            drafts.append(
                say(
                    actor, .processing, "\(error.message); the film is encoded again as a whole", progress: progress))
        case (.filmRejected(let error, let startedAt), .verifying):
            stages.ran(.verify, from: startedAt, to: now)
            videoURL = nil
            filmDuration = nil
            fallbackHasBegun ? failFallback(error) : conclude(.failed(error))
        default:
            break
        }
    }

    /// Whether a film that fails its check may be stitched again: once, and only where pictures were copied into it.
    var mayReencodeFilm: Bool { filmIsCopied && !reencodesFilm }

    /// Continues if `imagegen` has something left to try; else a card, if the user allows it; else the understudy has failed.
    private mutating func stillFailed(_ index: Int, _ error: ServiceError, _ drafts: inout [StatusDraft]) {
        if let next = error.nextAttempt {
            change(index) { $0.imageAttempts = next }
            return repeats(index, error, &drafts)
        }
        change(index) { segment in
            segment.imageAttempts = 0
            // A later try is an order of its own.
            segment.series += 1
        }
        if isWarmingUp {
            // A still that cannot be prepared is no failure yet.
            change(index) { $0.isSpareGivenUp = true }
        } else {
            giveUpStill(index, error, &drafts)
        }
    }

    /// The rule of journals with `imageFailed`: one more try.
    private mutating func imageFailed(_ index: Int, _ error: ServiceError, _ drafts: inout [StatusDraft]) {
        change(index) { $0.imageAttempts += 1 }
        if segments[index].imageAttempts < 2, !Self.isHopeless(error) {
            repeats(index, error, &drafts)
        } else {
            giveUpStill(index, error, &drafts)
        }
    }

    private mutating func repeats(_ index: Int, _ error: ServiceError, _ drafts: inout [StatusDraft]) {
        let id = segments[index].id
        drafts.append(
            say(
                .understudy, .processing, "the still of \(id) failed (\(error.message)), trying once more",
                segmentID: id, progress: progress))
    }

    private mutating func giveUpStill(_ index: Int, _ error: ServiceError, _ drafts: inout [StatusDraft]) {
        let id = segments[index].id
        guard spec.options.onImageFailure == .card, !segments[index].takesCard else {
            change(index) { $0.error = error }
            return failFallback(named(error, index))
        }
        change(index) { $0.takesCard = true }
        warnings.append("\(id): \(error.message); a card takes the still's place")
        drafts.append(
            say(
                .understudy, .processing, "a card takes the place of the still of \(id)", segmentID: id,
                progress: progress))
    }

    /// Whether trying again cannot help.
    static func isHopeless(_ error: ServiceError) -> Bool {
        switch error.kind {
        case .quotaExhausted, .contentRejected, .unauthorized, .invalidParams: true
        case .unavailable: !error.retryable
        default: false
        }
    }

    private func named(_ error: ServiceError, _ index: Int) -> ServiceError {
        var error = error
        error.message = "\(segments[index].id): \(error.message)"
        return error
    }

    mutating func spend(_ cost: USD, on index: Int) {
        change(index) { $0.cost += cost }
        costs.understudy += cost
    }

    /// Books what orders cost, or may have cost, that brought nothing.
    mutating func lose(_ lost: USD, unknown: USD, on index: Int) {
        spend(lost, on: index)
        wasted += lost
        self.unknown += unknown
        if isWarmingUp { hedge += lost + unknown }
    }

    private mutating func done(
        _ work: AttemptKind, _ index: Int, _ startedAt: Timestamp, _ now: Timestamp, _ cost: USD, unknown: USD? = nil,
        _ error: ServiceError? = nil
    ) {
        attempted(
            .understudy, work, segmentID: segments[index].id, from: startedAt, to: now, cost: cost,
            unknown: unknown, error: error)
    }

    /// A narration that is longer than its segment loses its end.
    private mutating func warnOfCut(_ index: Int, _ trimmed: Double?, _ drafts: inout [StatusDraft]) {
        guard let trimmed, trimmed >= NarrationFit.tolerance, plan?.segments.continuesNarration(after: index) != true
        else {
            return
        }
        let id = segments[index].id
        let seconds = (trimmed * 10).rounded(.up) / 10
        let warning = "\(id): the narration is \(seconds) s longer than its segment; its end is cut"
        guard !warnings.contains(warning) else { return }
        warnings.append(warning)
        drafts.append(
            say(actor, .processing, "warning: \(warning)", segmentID: id, progress: progress))
    }

    private mutating func tell(_ deed: String, _ index: Int, _ drafts: inout [StatusDraft]) {
        let id = segments[index].id
        drafts.append(say(.understudy, .processing, "\(deed) \(id)", segmentID: id, progress: progress))
    }
}
