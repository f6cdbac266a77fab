import Contracts
import JSONRPC

/// The lead's part: attempts, what its failures mean, and the takeover.
extension JobMachine {
    /// Calls of the lead that a job makes at the most.
    static let maximumLeadAttempts = 3

    mutating func applyLead(_ event: JobEvent, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        switch (event, phase) {
        case (.leadProgress(let fraction, let message), .lead):
            let share = fraction.isFinite ? min(max(fraction, 0), 1) : 0
            drafts.append(
                say(
                    .lead, .processing, message.isEmpty ? "Agent5 is working" : message,
                    progress: Progress(done: Int(share * 100), total: 100)))
        case (.leadDelivered(let result, let startedAt), .lead):
            delivered(result, startedAt: startedAt, at: now, &drafts)
        case (.leadFailed(let error, let startedAt), .lead):
            record(error, startedAt: startedAt, at: now)
            failed(error, at: now, &drafts)
        case (.leadBarred(let refusal), .lead):
            barred(refusal, at: now, &drafts)
        case (.leadFailed(let error, let startedAt), .checkingLeadFilm),
            (.leadFailed(let error, let startedAt), .checkingLeadClips):
            stages.ran(.verify, from: startedAt, to: now)
            wasteLead()
            takeOver(error, at: now, &drafts)
        case (.leadFilmAccepted(let video, let startedAt, let seconds, let found), .checkingLeadFilm):
            stages.ran(.verify, from: startedAt, to: now)
            warnings += found ?? []
            videoURL = video
            filmDuration = seconds ?? plan?.segments.reduce(0) { $0 + $1.duration }
            changeAll { $0.giveWay(to: $0.clip) }
            conclude(.finished)
        case (.leadFilmCut(let clips, let bad, let found, let startedAt), .checkingLeadFilm):
            stages.ran(.verify, from: startedAt, to: now)
            warnings += found
            leadClips = clips
            clipsChecked(good: clips.map(\.segmentID), bad: bad, at: now, &drafts)
        case (.leadClipsChecked(let good, let bad, let startedAt, let found), .checkingLeadClips):
            stages.ran(.verify, from: startedAt, to: now)
            warnings += found ?? []
            if upgrade == nil {
                clipsChecked(good: good, bad: bad, at: now, &drafts)
            } else {
                upgradeChecked(good: good, bad: bad, &drafts)
            }
        default:
            break
        }
    }

    private mutating func delivered(
        _ result: AgentResult, startedAt: Timestamp, at now: Timestamp, _ drafts: inout [StatusDraft]
    ) {
        costs.lead += result.cost
        for warning in result.warnings ?? [] where !warnings.contains(warning) { warnings.append(warning) }
        loseLead(result.wasted ?? .zero, unknown: result.unknown ?? .zero)
        attempted(
            .lead, .film, from: startedAt, to: now, cost: result.cost + (result.wasted ?? .zero),
            unknown: result.unknown)
        stages.ran(.lead, from: startedAt, to: now)
        if upgrade != nil, result.clips.isEmpty {
            waste(result.cost)
            takeOver(ServiceError(.corruptMedia, "Agent5 delivered no clips of single segments"), at: now, &drafts)
        } else if upgrade == nil, let video = result.video {
            phase = .checkingLeadFilm(video)
            drafts.append(say(.lead, .processing, "Agent5 delivered a film, which is being checked"))
        } else if !result.clips.isEmpty {
            leadClips = result.clips
            phase = .checkingLeadClips
            drafts.append(say(.lead, .processing, "Agent5 delivered clips, which are being checked"))
        } else {
            waste(result.cost)
            failed(ServiceError(.corruptMedia, "Agent5 answered with neither a film nor clips"), at: now, &drafts)
        }
    }

    /// Refused, reset or one 5xx: one more try. Told to wait: wait, if that fits. Everything else: the understudy steps in, as it does
    /// if the lead says not to repeat the call, or ordered something that cost, or may have cost, money.
    private mutating func failed(_ error: ServiceError, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        let mayRepeat = error.retryable && error.wasted == .zero && error.unknown == .zero
        switch error.kind {
        case .unavailable where mayRepeat && leadAttempt < 2, .busy where mayRepeat && leadAttempt < 2:
            leadAttempt += 1
            drafts.append(say(.lead, .processing, "Agent5 failed (\(error.message)), trying once more"))
        case .rateLimited
        where mayRepeat && leadAttempt < Self.maximumLeadAttempts && waitFits(error.retryAfter, at: now):
            let seconds = error.retryAfter ?? 0
            leadAttempt += 1
            // trusted: fits the deadline, see waitFits
            leadNotBefore = Timestamp(milliseconds: now.milliseconds + Int64(seconds * 1000))
            drafts.append(say(.lead, .processing, "Agent5 asked to wait \(seconds) s"))
        default:
            takeOver(error, at: now, &drafts)
        }
    }

    /// The number of the call that the lead gets: one more for each answered attempt. An attempt whose reply was lost may still be
    /// under way, so the next one asks for the outcome of the same call.
    var leadCall: Int {
        let booked = attempts.filter { $0.agent == .lead }
        let isLost = leadAttempt > 1 && booked.last?.error?.cause == .replicaLost
        return booked.count - (isLost ? 1 : 0)
    }

    private func waitFits(_ seconds: Double?, at now: Timestamp) -> Bool {
        guard let seconds, seconds.isFinite, seconds >= 0, let began = leadBeganAt else { return false }
        // trusted: a bounded option
        let deadline = began.milliseconds + Int64((spec.options.agent5Timeout ?? JobDefaults.agent5Timeout) * 1000)
        // trusted: bounded, and not NaN as was checked
        return now.milliseconds + Int64(min(seconds, 1e9) * 1000) < deadline
    }

    private mutating func record(_ error: ServiceError, startedAt: Timestamp, at now: Timestamp) {
        loseLead(error.wasted, unknown: error.unknown)
        attempted(
            .lead, .film, from: startedAt, to: now, cost: error.wasted, unknown: error.unknown, error: error)
        stages.ran(.lead, from: startedAt, to: now)
    }

    /// Books what orders of the lead cost, or may have cost, that brought nothing.
    mutating func loseLead(_ lost: USD, unknown: USD) {
        costs.lead += lost
        wasted += lost
        leadWasted += lost
        self.unknown += unknown
    }

    /// What the lead has cost, and was booked, bought nothing.
    private mutating func waste(_ cost: USD) {
        wasted += cost
        leadWasted += cost
    }

    /// All that the lead has cost bought nothing.
    private mutating func wasteLead() {
        waste(costs.lead - leadWasted)
    }

    private mutating func clipsChecked(
        good: [String], bad: [String: ServiceError], at now: Timestamp, _ drafts: inout [StatusDraft]
    ) {
        let known = Set(good)
        let missing = segments.filter { !known.contains($0.id) }
        guard !missing.isEmpty else {
            keepClips(good)
            phase = .stitching
            return
        }
        let first = missing.first { bad[$0.id] != nil }
        let reason =
            first.flatMap { bad[$0.id] }
            ?? ServiceError(.corruptMedia, "Agent5 delivered no clip of \(missing.map(\.id).joined(separator: ", "))")
        if spec.options.fallback == .segments, !good.isEmpty {
            keepClips(good)
        } else {
            wasteLead()
        }
        takeOver(reason, at: now, &drafts)
    }

    mutating func keepClips(_ good: [String]) {
        let good = Set(good)
        let clips = Dictionary(leadClips.map { ($0.segmentID, $0.clip) }) { first, _ in first }
        changeAll { segment in
            guard good.contains(segment.id) else { return }
            segment.giveWay(to: clips[segment.id] ?? nil)
        }
    }

    /// Its breaker opened before the lead could be called. If this job has called it before, that failure is the reason.
    private mutating func barred(_ refusal: ServiceError, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        let own = attempts.last { $0.agent == .lead }?.error
        takeOver(own ?? refusal, isBarred: own == nil, at: now, &drafts)
    }

    /// The lead answered although nobody waited any more: what it cost is booked, what it made is kept aside.
    mutating func deliveredLate(_ result: AgentResult, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        let isKnown = candidates.contains { $0.video == result.video && $0.clips?.count ?? 0 == result.clips.count }
        guard leadAttempt > 0, phase != .queued, phase != .done, !isKnown else { return }
        unsettled = unsettled.filter { $0.segment != nil }
        loseLead(result.cost + (result.wasted ?? .zero), unknown: result.unknown ?? .zero)
        guard result.video != nil || !result.clips.isEmpty else { return }
        candidates.append(
            Candidate(
                agent: .lead, video: result.video, clips: result.clips.isEmpty ? nil : result.clips,
                cost: result.cost, at: now))
        drafts.append(say(.lead, .error, "Agent5 delivered too late; what it made is kept as a candidate"))
    }

    private mutating func takeOver(
        _ error: ServiceError, isBarred: Bool = false, at now: Timestamp, _ drafts: inout [StatusDraft]
    ) {
        guard upgrade == nil else { return abandonUpgrade(error, &drafts) }
        takeover = Takeover(
            at: now, kind: error.kind, reason: error.message, provider: error.provider,
            breakerOpen: isBarred ? true : nil)
        drafts.append(say(.lead, .error, error.message, error: error))
        drafts.append(say(.understudy, .processing, "Agent5 failed, starting Agent6 fallback..."))
        beginFallback(&drafts)
    }
}

/// What holds where a job's options say nothing.
enum JobDefaults {
    /// Seconds that Agent5 may take in all.
    static let agent5Timeout = 1800.0
    /// Seconds that an agent may be silent.
    static let agent5Stall = 300.0
    static let imageConcurrency = 2
    /// What stills may cost that are prepared while the lead works.
    static let hedgeMaxCost = USD(0.10)
    static let width = 1920
    static let height = 1080
    static let fps = 30.0
    /// The share of the lead's film that may be black or frozen.
    static let leadFaultShare = 0.9
    /// Seconds.
    static let fade = 0.5
}
