// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The state machine of a job: the fold of its events. Pure: no clock, no I/O; times come with the events.
///
/// `apply` takes an event and returns the status messages that it causes; `work` is what must be done now. `JobRunner` performs the work
/// and applies its results as events, so a restart needs nothing but the stored events.
///
/// ```swift
/// var machine = JobMachine(spec: spec, createdAt: .now)
/// let messages = machine.apply(.started, at: .now)
/// machine.work  // [.load]
/// ```
///
/// `phase` holds the state of one step of a run. `lead`, `understudy` and `record` hold what outlives a run; each applies its own events
/// and returns what they mean for the phase. The takeover happens in `takeOver`; `TakeoverDecision` decides when a failed call leads
/// to it.
struct JobMachine: Sendable {
    let spec: JobSpec
    let createdAt: Timestamp
    private(set) var phase = Phase.queued(nil)
    private(set) var lead: LeadMachine
    private(set) var understudy: UnderstudyMachine
    private(set) var record: JobRecord
    /// Whether work waits for the artifact store.
    private var isWaitingForStore = false

    init(spec: JobSpec, createdAt: Timestamp) {
        self.spec = spec
        self.createdAt = createdAt
        lead = LeadMachine(spec.options)
        understudy = UnderstudyMachine(spec.options)
        record = JobRecord(at: createdAt)
    }

    /// Applies an event. Late and repeated events change nothing.
    ///
    /// - Parameter time: when the event happened; a time before the previous event counts as that event's time.
    /// - Returns: the status messages that it causes.
    mutating func apply(_ event: JobEvent, at time: Timestamp) -> [StatusDraft] {
        record.beginEvent(at: time)
        if !applyInAnyPhase(event) { applyInPhase(event) }
        record.ledger.setInFlight(work, after: event)
        if phase.kind == .understudy { finishUnderstudy() }
        return record.endEvent()
    }

    // MARK: - Events

    /// Applies an event that is valid in any phase.
    ///
    /// - Returns: `false` if the event depends on the phase; nothing was changed.
    private mutating func applyInAnyPhase(_ event: JobEvent) -> Bool {
        switch event {
        case .cancelled: cancel()
        case .storeAway(let error):
            guard !isWaitingForStore, !work.isEmpty else { break }
            isWaitingForStore = true
            record.post(activeAgent, .processing, "the job waits: \(error.message)", progress: progress)
        case .storeBack:
            guard isWaitingForStore else { break }
            isWaitingForStore = false
            record.post(activeAgent, .processing, "the job continues", progress: progress, state: state)
        case .leadLate(let result):
            guard state == .running else { break }
            lead.recordLateDelivery(result, &record)
        case .stopped(let segment, let error, let startedAt):
            guard phase.kind != .done else { break }
            settleStoppedCall(segment, error, startedAt: startedAt)
        default: return false
        }
        return true
    }

    private mutating func applyInPhase(_ event: JobEvent) {
        switch (phase, event) {
        case (.queued(let upgrade), .started): begin(upgrade)
        case (.chain(let run), .loadFailed(let error)) where run.agent == .agent4:
            // Agent4 needs the storyboard, which could not be read.
            record.recordStage(.load, from: run.beganAt)
            phase = .settling(.failed(error))
        case (.chain(let run), _): applyChain(event, run)
        case (.loading(let since), .loaded(let plan)): loaded(plan, since: since)
        case (.loading(let since), .loadFailed(let error)):
            record.recordStage(.load, from: since)
            phase = .settling(.failed(error))
        case (.lead(let run), .hedged):
            guard run.upgrade == nil, lead.startHedge() else { break }
            record.post(.understudy, .processing, "Agent5 is slow: Agent6 is preparing stills", progress: progress)
        case (.lead, _) where event.endsStill, (.checking, _) where event.endsStill:
            guard isHedging else { break }
            // A speculative still that fails is not a failure of the job.
            _ = understudy.apply(event, .hedge, &record)
        case (.lead(let run), _): perform(lead.apply(event, run, &record), run)
        case (.checking(let run, let delivery), _): perform(lead.check(event, run, delivery, plan, &record), run)
        case (.understudy, _): if let error = understudy.apply(event, .film, &record) { failUnderstudy(error) }
        case (.stitching, _) where event.endsNarration, (.verifying, _) where event.endsNarration:
            _ = understudy.apply(event, .narrations, &record)
            if case .stitching(let run) = phase, let error = run.failure { stitchingFailed(error, run) }
        case (.stitching(let run), _): applyStitching(event, run)
        case (.verifying(let run, let film), _): applyVerifying(event, run, film)
        case (.settling, .imageMade(let index, let image, let startedAt)):
            guard understudy.lacksStill(index), record.ledger.settle(segment: index) != nil else { break }
            understudy.recordLateStill(index, image, startedAt: startedAt, isHedged: lead.isHedged, &record)
        case (.settling(let outcome), .settled(let warning)): finish(outcome, warning)
        case (.done, .edited(let edits)): understudy.edit(edits)
        case (.done, .retried(let selection)):
            reopen(nil)
            understudy.retry(selection)
        case (.done(.finished(let film)), .upgradeAsked(let wanted, let cost)):
            reopen(Upgrade(segmentIDs: Set(wanted), cost: cost, segments: segments, film: film))
            lead.resetAttempts()
            understudy.reuseAll()
        default: break
        }
    }

    // MARK: - Start of a run

    private mutating func begin(_ upgrade: Upgrade?) {
        if plan == nil {
            phase = spec.entry == .chain ? .chain(ChainRun(.agent2, at: record.now)) : .loading(since: record.now)
        } else if upgrade != nil || isLeadsTurn {
            beginLead(upgrade)
        } else {
            beginUnderstudy()
        }
    }

    /// Whether the lead is to be called: it has not failed yet, and no clip exists.
    private var isLeadsTurn: Bool {
        spec.entry != .fallback && takeover == nil && segments.allSatisfy { $0.clip == nil }
    }

    private mutating func applyChain(_ event: JobEvent, _ run: ChainRun) {
        var run = run
        switch run.apply(event, &record) {
        case .unchanged: phase = .chain(run)
        case .finished: phase = .loading(since: record.now)
        case .failed(let error): phase = .settling(.failed(error))
        }
    }

    private mutating func loaded(_ plan: JobPlan, since: Timestamp) {
        understudy.load(plan)
        record.warn(plan.warnings)
        record.recordStage(.load, from: since)
        if spec.entry == .fallback { beginUnderstudy() } else { beginLead(nil) }
    }

    private mutating func beginLead(_ upgrade: Upgrade?) { phase = .lead(lead.begin(upgrade, &record)) }

    private mutating func beginUnderstudy() {
        phase = .understudy
        understudy.begin(&record)
    }

    /// Starts a new run, which waits for its turn.
    private mutating func reopen(_ upgrade: Upgrade?) {
        phase = .queued(upgrade)
        record.ledger.reopen()
    }

    // MARK: - The lead

    /// Moves on to the phase that the lead's step leads to.
    private mutating func perform(_ step: LeadStep, _ run: LeadRun) {
        switch step {
        case .unchanged: break
        case .retry(let run): phase = .lead(run)
        case .check(let delivery): phase = .checking(run, delivery)
        case .acceptFilm(let film):
            understudy.useLeadFilm()
            phase = .settling(.finished(film))
        case .acceptClips(let clips):
            understudy.useLeadClips(clips)
            phase = .stitching(StitchRun(upgrade: run.upgrade))
        case .acceptSomeClips(let clips, let reason):
            understudy.useLeadClips(clips)
            takeOver(reason, isBreakerOpen: false, run)
        case .fail(let error, let isBreakerOpen): takeOver(error, isBreakerOpen: isBreakerOpen, run)
        }
    }

    /// The takeover: records its reason and starts the understudy. An upgrade is abandoned instead.
    private mutating func takeOver(_ error: ServiceError, isBreakerOpen: Bool, _ run: LeadRun) {
        if let upgrade = run.upgrade { return abandon(upgrade, error) }
        lead.recordTakeover(error, isBreakerOpen: isBreakerOpen, &record)
        beginUnderstudy()
    }

    /// Ends an upgrade that failed or was cancelled: the job keeps its film.
    ///
    /// - Parameter reason: the start of the warning, if the upgrade did not fail.
    private mutating func abandon(_ upgrade: Upgrade, _ error: ServiceError, reason: String? = nil) {
        understudy.restore(upgrade.segments)
        record.warn("\(reason ?? "the upgrade failed: \(error.message)"); the film is unchanged")
        record.post(.lead, .error, error.message, error: error, state: state)
        phase = .settling(.finished(upgrade.film))
    }

    // MARK: - The understudy and the film

    /// Starts the stitching once all segments are ready, or fails if the remaining budget allows no further work.
    private mutating func finishUnderstudy() {
        if understudy.canStitch {
            phase = .stitching(StitchRun(failedNarrations: understudy.failedNarrations))
        } else if ledger.inFlight.isEmpty {
            failUnderstudy(limitReached)
        }
    }

    /// The error of a job whose remaining budget allows no further work.
    private var limitReached: ServiceError {
        let limit = (spec.options.maxCost ?? .zero).text
        let mayUseCards =
            spec.options.onImageFailure != .card && understudy.stillPrice(spec.options.imageProvider) > .zero
        return ServiceError(
            .quotaExhausted,
            "the job's limit max_cost_usd of \(limit) is reached: raise it"
                + (mayUseCards ? ", or set on_image_failure to card" : ""))
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
            var entry = LedgerEntry(activeAgent, .stitch, startedAt: startedAt, stage: .stitch)
            entry.cost = film.cost
            entry.payer = .understudy
            record.book(entry)
            record.warnOnce(film.warnings ?? [])
            for (index, segment) in segments.enumerated() {
                understudy.warnAboutTrimming(index, trimmed?[segment.id], by: activeAgent, &record)
            }
            phase = .verifying(
                run,
                Film(
                    url: film.video, duration: film.duration, isCopied: film.backend == .local && film.copiedFrames > 0)
            )
            record.post(activeAgent, .processing, "stitched the film, which is being checked", progress: progress)
        case .stitchFailed(let error, let startedAt):
            record.book(failedStitch(error, startedAt, stage: .stitch))
            if let upgrade = run.upgrade { abandon(upgrade, error) } else { stitchingFailed(error, run) }
        default: break
        }
    }

    /// Handles a failed stitching once all narrations have ended. If a narration failed since the stitching began, it may be the cause:
    /// the film is stitched again without it.
    private mutating func stitchingFailed(_ error: ServiceError, _ run: StitchRun) {
        var run = run
        guard understudy.narrations.isEmpty else {
            run.failure = error
            phase = .stitching(run)
            return
        }
        guard understudy.failedNarrations > run.failedNarrations else { return failFilm(error) }
        (run.failure, run.failedNarrations) = (nil, understudy.failedNarrations)
        phase = .stitching(run)
        record.post(
            activeAgent, .processing,
            "\(error.message); the film is stitched again without the narrations that cannot be used",
            progress: progress)
    }

    private mutating func applyVerifying(_ event: JobEvent, _ run: StitchRun, _ film: Film) {
        switch event {
        case .filmVerified(let found, let startedAt, let seconds):
            record.warn(found ?? [])
            record.recordStage(.verify, from: startedAt)
            var film = film
            film.duration = seconds ?? film.duration
            phase = .settling(.finished(film))
        case .filmSpoiled(let error, let startedAt) where mayReencodeFilm:
            record.book(failedStitch(error, startedAt, stage: .verify))
            record.warn("\(error.message); the film was encoded again as a whole")
            phase = .stitching(
                StitchRun(upgrade: run.upgrade, reencodes: true, failedNarrations: understudy.failedNarrations))
            record.post(
                activeAgent, .processing, "\(error.message); the film is encoded again as a whole", progress: progress)
        case .filmRejected(let error, let startedAt):
            record.recordStage(.verify, from: startedAt)
            failFilm(error)
        default: break
        }
    }

    /// The ledger entry of a film that could not be stitched or failed its check. It carries no cost: the stitching itself was booked.
    private func failedStitch(_ error: ServiceError, _ startedAt: Timestamp, stage: JobStage) -> LedgerEntry {
        var entry = LedgerEntry(activeAgent, .stitch, startedAt: startedAt, stage: stage)
        entry.error = error
        return entry
    }

    // MARK: - End of a run

    private mutating func cancel() {
        guard phase.outcome == nil else { return }
        if let upgrade = phase.upgrade {
            let reason = "the upgrade was cancelled"
            abandon(upgrade, ServiceError(.cancelled, reason), reason: reason)
        } else {
            phase = .settling(.cancelled(phase.film))
        }
    }

    /// Books the cost that a stopped call reports, or its possible cost if no reply arrived.
    private mutating func settleStoppedCall(_ segment: Int?, _ error: ServiceError, startedAt: Timestamp) {
        switch record.ledger.settle(segment: segment) {
        case nil: break
        case .still(let index, _, let provider):
            understudy.settleStoppedCall(
                index, provider: provider, error, startedAt: startedAt, isHedging ? .hedge : .film, &record)
        default: lead.settleStoppedCall(error, startedAt: startedAt, &record)
        }
    }

    /// Makes the outcome visible.
    private mutating func finish(_ outcome: Outcome, _ warning: String?) {
        phase = .done(outcome)
        if let warning { record.warn(warning) }
        switch outcome {
        case .finished(let film):
            record.post(
                activeAgent, .finished, "the film is ready (\((film.duration * 10).rounded() / 10) s)",
                progress: progress,
                videoURL: film.url, state: state)
        case .failed(let error): record.post(activeAgent, .error, error.message, error: error, state: state)
        case .cancelled:
            let error = ServiceError(.cancelled, "the job was cancelled")
            record.post(activeAgent, .error, error.message, error: error, state: state)
        }
    }
}
