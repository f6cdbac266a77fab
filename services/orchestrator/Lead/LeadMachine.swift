import Contracts
import Faults

/// The lead's part of a job: its attempts over all runs, what its failures mean, and what it delivered. Pure.
struct LeadMachine: Sendable {
    /// Calls of the lead that a job makes at the most.
    static let maximumAttempts = 3

    private let options: JobOptions
    /// Calls that were made or are being made, since the job or its upgrade began.
    private(set) var attempts = 0
    /// Whether stills are prepared while the lead works.
    private(set) var isHedged = false
    /// Why the understudy took over.
    private(set) var takeover: Takeover?
    /// What came too late.
    private(set) var candidates: [Candidate] = []

    init(_ options: JobOptions) { self.options = options }

    // MARK: - Calls

    mutating func begin(_ upgrade: Upgrade?, _ record: inout JobRecord) -> LeadRun {
        attempts += 1
        record.say(.lead, .starting, "Agent5 is starting")
        return LeadRun(beganAt: record.now, upgrade: upgrade)
    }

    /// The calls for an upgrade are counted on their own.
    mutating func countAgain() { attempts = 0 }

    /// Stills are prepared from now on, if they are not yet.
    ///
    /// - Returns: whether that is new.
    mutating func hedge() -> Bool {
        defer { isHedged = true }
        return !isHedged
    }

    /// The number of the call that the lead gets: one more for each answered attempt. An attempt whose reply was lost may still be
    /// under way, so the next one asks for the outcome of the same call.
    func call(_ ledger: Ledger) -> Int {
        let booked = ledger.attempts.filter { $0.agent == .lead }
        let isLost = attempts > 1 && booked.last?.error?.cause == .replicaLost
        return booked.count - (isLost ? 1 : 0)
    }

    /// Takes what happens while the lead works.
    mutating func apply(_ event: JobEvent, _ run: LeadRun, _ record: inout JobRecord) -> LeadStep {
        switch event {
        case .leadProgress(let fraction, let message):
            record.say(
                .lead, .processing, message.isEmpty ? "Agent5 is working" : message, progress: Progress(share: fraction)
            )
            return .stays
        case .leadDelivered(let result, let startedAt): return delivered(result, run, startedAt: startedAt, &record)
        case .leadFailed(let error, let startedAt):
            record.book(LedgerEntry(.lead, .film, startedAt: startedAt, stage: .lead, failed: error))
            return failed(error, run, &record)
        case .leadBarred(let refusal):
            // Its breaker opened before it could be called. If this job has called it before, that failure is the reason.
            let own = record.ledger.attempts.last { $0.agent == .lead }?.error
            return .fails(own ?? refusal, isBarred: own == nil)
        default: return .stays
        }
    }

    private mutating func delivered(
        _ result: AgentResult, _ run: LeadRun, startedAt: Timestamp, _ record: inout JobRecord
    ) -> LeadStep {
        record.warnOnce(result.warnings ?? [])
        record.book(LedgerEntry(.lead, .film, startedAt: startedAt, stage: .lead, answered: result))
        if run.upgrade == nil, let video = result.video {
            record.say(.lead, .processing, "Agent5 delivered a film, which is being checked")
            return .delivers(.film(video))
        }
        if !result.clips.isEmpty {
            record.say(.lead, .processing, "Agent5 delivered clips, which are being checked")
            return .delivers(.clips(result.clips))
        }
        record.ledger.writeOff(result.cost, of: .lead)
        return .fails(
            ServiceError(
                .corruptMedia,
                run.upgrade == nil
                    ? "Agent5 answered with neither a film nor clips" : "Agent5 delivered no clips of single segments"))
    }

    /// Refused, reset or one 5xx: one retry. Told to wait: wait, if that fits. Everything else: the understudy steps in, as it does
    /// if the lead says not to repeat the call, or ordered something that cost, or may have cost, money.
    private mutating func failed(_ error: ServiceError, _ run: LeadRun, _ record: inout JobRecord) -> LeadStep {
        guard error.retryable, error.wasted == .zero, error.unknown == .zero else { return .fails(error) }
        var run = run
        switch error.kind {
        case .unavailable where attempts < 2, .busy where attempts < 2:
            attempts += 1
            record.say(.lead, .processing, "Agent5 failed (\(error.message)), trying once more")
            return .retries(run)
        case .rateLimited where attempts < Self.maximumAttempts && waitFits(error.retryAfter, run, at: record.now):
            let seconds = error.retryAfter ?? 0
            attempts += 1
            // trusted: fits the deadline, see waitFits
            run.notBefore = Timestamp(milliseconds: record.now.milliseconds + Int64(seconds * 1000))
            record.say(.lead, .processing, "Agent5 asked to wait \(seconds) s")
            return .retries(run)
        default: return .fails(error)
        }
    }

    private func waitFits(_ seconds: Double?, _ run: LeadRun, at now: Timestamp) -> Bool {
        guard let seconds, seconds.isFinite, seconds >= 0 else { return false }
        // trusted: a bounded option
        let deadline = run.beganAt.milliseconds + Int64((options.agent5Timeout ?? JobDefaults.agent5Timeout) * 1000)
        // trusted: bounded, and not NaN as was checked
        return now.milliseconds + Int64(min(seconds, 1e9) * 1000) < deadline
    }

    // MARK: - Checks

    /// Takes what happens while a delivery is checked.
    mutating func check(
        _ event: JobEvent, _ run: LeadRun, _ delivery: Delivery, _ plan: JobPlan?, _ record: inout JobRecord
    ) -> LeadStep {
        let segments = plan?.segments ?? []
        switch (event, delivery) {
        case (.leadFailed(let error, let startedAt), _):
            record.ran(.verify, from: startedAt)
            record.ledger.writeOffAll(of: .lead)
            return .fails(error)
        case (.leadFilmAccepted(let video, let startedAt, let seconds, let found), .film):
            record.ran(.verify, from: startedAt)
            record.warn(found ?? [])
            return .makes(Film(url: video, duration: seconds ?? segments.reduce(0) { $0 + $1.duration }))
        case (.leadFilmCut(let clips, let bad, let found, let startedAt), .film):
            record.ran(.verify, from: startedAt)
            record.warn(found)
            return checked(clips, good: clips.map(\.segmentID), bad: bad, segments.map(\.id), &record)
        case (.leadClipsChecked(let good, let bad, let startedAt, let found), .clips(let clips)):
            record.ran(.verify, from: startedAt)
            record.warn(found ?? [])
            return if let upgrade = run.upgrade {
                upgraded(upgrade, clips, good: good, bad: bad, segments.map(\.id), &record)
            } else { checked(clips, good: good, bad: bad, segments.map(\.id), &record) }
        default: return .stays
        }
    }

    private func checked(
        _ clips: [AgentClip], good: [String], bad: [String: ServiceError], _ segments: [String],
        _ record: inout JobRecord
    ) -> LeadStep {
        let known = Set(good)
        let missing = segments.filter { !known.contains($0) }
        guard !missing.isEmpty else { return .keeps(Self.kept(clips, good)) }
        let reason =
            missing.lazy.compactMap { bad[$0] }.first
            ?? ServiceError(.corruptMedia, "Agent5 delivered no clip of \(missing.joined(separator: ", "))")
        if options.fallback == .segments, !good.isEmpty { return .keepsSome(Self.kept(clips, good), reason) }
        record.ledger.writeOffAll(of: .lead)
        return .fails(reason)
    }

    /// Takes the good clips over; what the lead could not make stays as it was.
    private func upgraded(
        _ upgrade: Upgrade, _ clips: [AgentClip], good: [String], bad: [String: ServiceError], _ segments: [String],
        _ record: inout JobRecord
    ) -> LeadStep {
        let made = good.filter(upgrade.wanted.contains)
        let wanted = segments.filter(upgrade.wanted.contains)
        guard !made.isEmpty else {
            let reason = wanted.lazy.compactMap { bad[$0] }.first
            return .fails(reason ?? ServiceError(.corruptMedia, "Agent5 delivered no clip"))
        }
        for id in wanted where !made.contains(id) {
            let reason = bad[id]?.message ?? "Agent5 delivered no clip of it"
            record.warn("\(id): \(reason); it stays as it was")
        }
        record.say(.lead, .finished, "Agent5 made \(made.count) of \(segments.count) segments")
        return .keeps(Self.kept(clips, made))
    }

    /// The places of the good clips, by segment.
    private static func kept(_ clips: [AgentClip], _ good: [String]) -> [String: String?] {
        let places = Dictionary(clips.map { ($0.segmentID, $0.clip) }) { first, _ in first }
        return Dictionary(good.map { ($0, places[$0] ?? nil) }) { first, _ in first }
    }

    // MARK: - Ends

    /// The understudy takes over.
    mutating func giveUp(_ error: ServiceError, isBarred: Bool, _ record: inout JobRecord) {
        takeover = Takeover(
            at: record.now, kind: error.kind, reason: error.message, provider: error.provider,
            breakerOpen: isBarred ? true : nil)
        record.say(.lead, .error, error.message, error: error)
        record.say(.understudy, .processing, "Agent5 failed, starting Agent6 fallback...")
    }

    /// The lead answered although nobody waited any more: what it cost is booked, what it made is kept aside.
    mutating func deliveredLate(_ result: AgentResult, _ record: inout JobRecord) {
        let isKnown = candidates.contains { $0.video == result.video && $0.clips?.count ?? 0 == result.clips.count }
        guard attempts > 0, !isKnown else { return }
        record.ledger.settleLead()
        record.ledger.lose(result.cost + (result.wasted ?? .zero), unknown: result.unknown ?? .zero, of: .lead)
        guard result.video != nil || !result.clips.isEmpty else { return }
        candidates.append(
            Candidate(
                agent: .lead, video: result.video, clips: result.clips.isEmpty ? nil : result.clips, cost: result.cost,
                at: record.now))
        record.say(.lead, .error, "Agent5 delivered too late; what it made is kept as a candidate")
    }

    /// Books what a stopped call reports.
    func stopped(_ error: ServiceError, startedAt: Timestamp, _ record: inout JobRecord) {
        if error.isUnsettled {
            record.warn("Agent5 was stopped and did not report what it had ordered: its costs are not known")
        }
        guard error.wasted + error.unknown > .zero else { return }
        record.book(LedgerEntry(.lead, .film, startedAt: startedAt, failed: error))
    }
}
