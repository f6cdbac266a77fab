import Contracts
import Faults

/// A job as the fold of its events. Pure: no clock, no I/O; moments come with the events.
///
/// `apply` takes what happened and gives the status messages that it causes; `work` says what is to be done now. Whoever
/// runs a job does what `work` names and feeds back what came of it, so that a restart needs nothing but the events.
///
/// The phase holds what a part of one run needs. The lead's and the understudy's machines, and the record with its ledger, hold what
/// outlives a run; each takes its own events, and reports what they mean for the phase.
struct JobMachine: Sendable {
    let spec: JobSpec
    let createdAt: Timestamp
    private(set) var phase = Phase.queued(nil)
    private(set) var lead: LeadMachine
    private(set) var understudy: UnderstudyMachine
    private(set) var record: JobRecord
    /// Whether the job waits for the artifact store.
    private var isHeld = false

    init(spec: JobSpec, createdAt: Timestamp) {
        self.spec = spec
        self.createdAt = createdAt
        lead = LeadMachine(spec.options)
        understudy = UnderstudyMachine(spec.options)
        record = JobRecord(at: createdAt)
    }

    /// Takes an event. Events that come too late, or twice, change nothing.
    ///
    /// - Returns: the status messages that it causes.
    mutating func apply(_ event: JobEvent, at moment: Timestamp) -> [StatusDraft] {
        record.begin(at: moment)
        if !applyAnywhere(event) { applyInPhase(event) }
        record.ledger.grant(work, after: event)
        if phase.kind == .understudy { finishUnderstudy() }
        return record.end()
    }

    // MARK: - Events

    /// Takes an event that may come in any phase.
    ///
    /// - Returns: `false` for every other event.
    private mutating func applyAnywhere(_ event: JobEvent) -> Bool {
        switch event {
        case .cancelled: cancel()
        case .storeAway(let error):
            guard !isHeld, !work.isEmpty else { break }
            isHeld = true
            record.say(actor, .processing, "the job waits: \(error.message)", progress: progress)
        case .storeBack:
            guard isHeld else { break }
            isHeld = false
            record.say(actor, .processing, "the job goes on", progress: progress, state: state)
        case .leadLate(let result):
            guard state == .running else { break }
            lead.deliveredLate(result, &record)
        case .stopped(let segment, let error, let startedAt):
            guard phase.kind != .done else { break }
            stopped(segment, error, startedAt: startedAt)
        default: return false
        }
        return true
    }

    private mutating func applyInPhase(_ event: JobEvent) {
        switch (phase, event) {
        case (.queued(let upgrade), .started): begin(upgrade)
        case (.chain(let run), .loadFailed(let error)) where run.agent == .agent4:
            // The storyboard is read for it.
            record.ran(.load, from: run.beganAt)
            phase = .settling(.failed(error))
        case (.chain(let run), _): applyChain(event, run)
        case (.loading(let since), .loaded(let plan)): loaded(plan, since: since)
        case (.loading(let since), .loadFailed(let error)):
            record.ran(.load, from: since)
            phase = .settling(.failed(error))
        case (.lead(let run), .hedged):
            guard run.upgrade == nil, lead.hedge() else { break }
            record.say(.understudy, .processing, "Agent5 takes long: Agent6 prepares stills", progress: progress)
        case (.lead, _) where event.isStill, (.checking, _) where event.isStill:
            guard isHedging else { break }
            // A still that cannot be prepared is no failure.
            _ = understudy.apply(event, .hedge, &record)
        case (.lead(let run), _): follow(lead.apply(event, run, &record), run)
        case (.checking(let run, let delivery), _): follow(lead.check(event, run, delivery, plan, &record), run)
        case (.understudy, _): if let error = understudy.apply(event, .film, &record) { failUnderstudy(error) }
        case (.stitching, _) where event.isNarration, (.verifying, _) where event.isNarration:
            _ = understudy.apply(event, .narrations, &record)
            if case .stitching(let run) = phase, let error = run.failure { stitchingFailed(error, run) }
        case (.stitching(let run), _): applyStitching(event, run)
        case (.verifying(let run, let film), _): applyVerifying(event, run, film)
        case (.settling, .imageMade(let index, let image, let startedAt)):
            guard understudy.lacksStill(index), record.ledger.settle(segment: index) != nil else { break }
            understudy.drawnTooLate(index, image, startedAt: startedAt, isHedged: lead.isHedged, &record)
        case (.settling(let outcome), .settled(let warning)): settled(outcome, warning)
        case (.done, .edited(let edits)): understudy.edit(edits)
        case (.done, .retried(let selection)):
            reopen(nil)
            understudy.retry(selection)
        case (.done(.finished(let film)), .upgradeAsked(let wanted, let cost)):
            reopen(Upgrade(wanted: Set(wanted), cost: cost, segments: segments, film: film))
            lead.countAgain()
            understudy.keepAll()
        default: break
        }
    }

    // MARK: - Beginnings

    private mutating func begin(_ upgrade: Upgrade?) {
        if plan == nil {
            phase = spec.entry == .chain ? .chain(ChainRun(.agent2, at: record.now)) : .loading(since: record.now)
        } else if upgrade != nil || isLeadsTurn {
            beginLead(upgrade)
        } else {
            beginUnderstudy()
        }
    }

    /// Whether the lead has not yet failed, and nothing of the film is there.
    private var isLeadsTurn: Bool {
        spec.entry != .fallback && takeover == nil && segments.allSatisfy { $0.clip == nil }
    }

    private mutating func applyChain(_ event: JobEvent, _ run: ChainRun) {
        var run = run
        switch run.apply(event, &record) {
        case .stays: phase = .chain(run)
        case .ends: phase = .loading(since: record.now)
        case .fails(let error): phase = .settling(.failed(error))
        }
    }

    private mutating func loaded(_ plan: JobPlan, since: Timestamp) {
        understudy.load(plan)
        record.warn(plan.warnings)
        record.ran(.load, from: since)
        if spec.entry == .fallback { beginUnderstudy() } else { beginLead(nil) }
    }

    private mutating func beginLead(_ upgrade: Upgrade?) { phase = .lead(lead.begin(upgrade, &record)) }

    private mutating func beginUnderstudy() {
        phase = .understudy
        understudy.begin(&record)
    }

    /// The job waits for its turn again.
    private mutating func reopen(_ upgrade: Upgrade?) {
        phase = .queued(upgrade)
        record.ledger.reopen()
    }

    // MARK: - The lead

    private mutating func follow(_ step: LeadStep, _ run: LeadRun) {
        switch step {
        case .stays: break
        case .retries(let run): phase = .lead(run)
        case .delivers(let delivery): phase = .checking(run, delivery)
        case .makes(let film):
            understudy.giveWay()
            phase = .settling(.finished(film))
        case .keeps(let clips):
            understudy.giveWay(to: clips)
            phase = .stitching(StitchRun(upgrade: run.upgrade))
        case .keepsSome(let clips, let reason):
            understudy.giveWay(to: clips)
            takeOver(reason, isBarred: false, run)
        case .fails(let error, let isBarred): takeOver(error, isBarred: isBarred, run)
        }
    }

    private mutating func takeOver(_ error: ServiceError, isBarred: Bool, _ run: LeadRun) {
        if let upgrade = run.upgrade { return abandon(upgrade, error) }
        lead.giveUp(error, isBarred: isBarred, &record)
        beginUnderstudy()
    }

    /// The film stays as it was.
    private mutating func abandon(_ upgrade: Upgrade, _ error: ServiceError) {
        understudy.restore(upgrade.segments)
        record.warn("the upgrade failed: \(error.message); the film stays as it was")
        record.say(.lead, .error, error.message, error: error, state: state)
        phase = .settling(.finished(upgrade.film))
    }

    // MARK: - The understudy and the film

    /// Goes on to the film when all segments are ready, and gives up when nothing more can be paid.
    private mutating func finishUnderstudy() {
        if understudy.isReadyForFilm {
            phase = .stitching(StitchRun(lostNarrations: understudy.lostNarrations))
        } else if ledger.granted.isEmpty {
            failUnderstudy(
                ServiceError(
                    .quotaExhausted,
                    "the job's limit max_cost_usd of \((spec.options.maxCost ?? .zero).text) is reached: "
                        + "raise it, or allow cards by on_image_failure"))
        }
    }

    private mutating func failUnderstudy(_ error: ServiceError) {
        var error = error
        error.message = "Agent6 failed: \(error.message)"
        if let takeover { error.message += "; before that Agent5 failed: \(takeover.reason)" }
        phase = .settling(.failed(error))
    }

    private mutating func failFilm(_ error: ServiceError) {
        if understudy.hasBegun { failUnderstudy(error) } else { phase = .settling(.failed(error)) }
    }

    private mutating func applyStitching(_ event: JobEvent, _ run: StitchRun) {
        switch event {
        case .stitched(let film, let startedAt, let trimmed):
            var entry = LedgerEntry(actor, .stitch, startedAt: startedAt, stage: .stitch)
            entry.cost = film.cost
            entry.payer = .understudy
            record.book(entry)
            record.warnOnce(film.warnings ?? [])
            for (index, segment) in segments.enumerated() {
                understudy.warnOfCut(index, trimmed?[segment.id], by: actor, &record)
            }
            phase = .verifying(
                run,
                Film(
                    url: film.video, duration: film.duration, isCopied: film.backend == .local && film.copiedFrames > 0)
            )
            record.say(actor, .processing, "stitched the film, which is being checked", progress: progress)
        case .stitchFailed(let error, let startedAt):
            record.book(failedStitch(error, startedAt, stage: .stitch))
            if let upgrade = run.upgrade { abandon(upgrade, error) } else { stitchingFailed(error, run) }
        default: break
        }
    }

    /// A narration that turned out to be unusable meanwhile may be why: the film is stitched once more, without it.
    private mutating func stitchingFailed(_ error: ServiceError, _ run: StitchRun) {
        var run = run
        guard understudy.narrations.isEmpty else {
            run.failure = error
            phase = .stitching(run)
            return
        }
        guard understudy.lostNarrations > run.lostNarrations else { return failFilm(error) }
        (run.failure, run.lostNarrations) = (nil, understudy.lostNarrations)
        phase = .stitching(run)
        record.say(
            actor, .processing,
            "\(error.message); the film is stitched again without the narrations that cannot be used",
            progress: progress)
    }

    private mutating func applyVerifying(_ event: JobEvent, _ run: StitchRun, _ film: Film) {
        switch event {
        case .filmVerified(let found, let startedAt, let seconds):
            record.warn(found ?? [])
            record.ran(.verify, from: startedAt)
            var film = film
            film.duration = seconds ?? film.duration
            phase = .settling(.finished(film))
        case .filmSpoiled(let error, let startedAt) where mayReencodeFilm:
            record.book(failedStitch(error, startedAt, stage: .verify))
            record.warn("\(error.message); the film was encoded again as a whole")
            phase = .stitching(
                StitchRun(upgrade: run.upgrade, reencodes: true, lostNarrations: understudy.lostNarrations))
            record.say(actor, .processing, "\(error.message); the film is encoded again as a whole", progress: progress)
        case .filmRejected(let error, let startedAt):
            record.ran(.verify, from: startedAt)
            failFilm(error)
        default: break
        }
    }

    /// A film that could not be stitched, or was not good; what its attempt cost is booked already, if it cost anything.
    private func failedStitch(_ error: ServiceError, _ startedAt: Timestamp, stage: JobStage) -> LedgerEntry {
        var entry = LedgerEntry(actor, .stitch, startedAt: startedAt, stage: stage)
        entry.error = error
        return entry
    }

    // MARK: - Ends

    private mutating func cancel() {
        guard phase.outcome == nil else { return }
        if let upgrade = phase.upgrade {
            abandon(upgrade, ServiceError(.cancelled, "it was cancelled"))
        } else {
            phase = .settling(.cancelled(phase.film))
        }
    }

    /// Books what a stopped call reports; what it may have cost where its reply did not come.
    private mutating func stopped(_ segment: Int?, _ error: ServiceError, startedAt: Timestamp) {
        switch record.ledger.settle(segment: segment) {
        case nil: break
        case .still(let index, _, let provider):
            understudy.stopped(
                index, provider: provider, error, startedAt: startedAt, isHedging ? .hedge : .film, &record)
        default: lead.stopped(error, startedAt: startedAt, &record)
        }
    }

    private mutating func settled(_ outcome: Outcome, _ warning: String?) {
        phase = .done(outcome)
        if let warning { record.warn(warning) }
        switch outcome {
        case .finished(let film):
            record.say(
                actor, .finished, "the film is ready (\((film.duration * 10).rounded() / 10) s)", progress: progress,
                videoURL: film.url, state: state)
        case .failed(let error): record.say(actor, .error, error.message, error: error, state: state)
        case .cancelled:
            let error = ServiceError(.cancelled, "the job was cancelled")
            record.say(actor, .error, error.message, error: error, state: state)
        }
    }
}
