import Contracts
import JSONRPC

/// A job as the fold of its events. Pure: no clock, no I/O; moments come with the events.
///
/// `apply` takes what happened and gives the status messages that it causes; `work` says what is to be done now. Whoever
/// runs a job does what `work` names and feeds back what came of it, so that a restart needs nothing but the events.
struct JobMachine: Sendable {
    enum Phase: Sendable, Equatable {
        case queued
        case chain(ChainAgent)
        case loading
        case lead
        case checkingLeadFilm(String)
        case checkingLeadClips
        case fallback
        case stitching
        case verifying
        /// Decided, but the receipt is not yet written.
        case settling
        case done
    }

    enum Outcome: Sendable, Equatable {
        case finished
        case failed(ServiceError)
        case cancelled
    }

    let spec: JobSpec
    let createdAt: Timestamp
    var updatedAt: Timestamp
    var phase = Phase.queued
    var outcome: Outcome?
    var plan: JobPlan?
    private(set) var segments: [SegmentRecord] = []
    private(set) var tally = SegmentTally()
    var agents: [Agent: AgentView] = [:]
    var attempts: [Attempt] = []
    var stages = StageClock()
    var takeover: Takeover?
    var candidates: [Candidate] = []
    var warnings: [String] = []
    var wasted = USD.zero
    /// What orders may have cost of which no answer says whether the provider took them.
    var unknown = USD.zero
    /// What of the lead's cost is booked as wasted.
    var leadWasted = USD.zero
    /// What stills would have cost that were there already.
    var saved = USD.zero
    /// What was to be done after the last event: calls that cost and are under way.
    var granted: Set<JobWork> = []
    /// Paid calls that were stopped, until what they spent is booked.
    var unsettled: Set<JobWork> = []
    var costs = Costs()
    var videoURL: String?
    var filmDuration: Double?
    /// Whether pictures of the film were copied from clips as they were coded.
    var filmIsCopied = false
    /// Whether all pictures of the film are encoded: a film of copied ones failed its check.
    var reencodesFilm = false
    /// When the storyboard began to be read.
    var loadBeganAt: Timestamp
    /// Calls of the agent before the lead that is at work.
    var chainAttempt = 0
    /// Calls of the lead that were made or are being made.
    var leadAttempt = 0
    var leadBeganAt: Timestamp?
    /// The lead asked to be left alone until then.
    var leadNotBefore: Timestamp?
    var leadClips: [AgentClip] = []
    /// Whether stills are prepared while the lead works.
    var isHedged = false
    /// What stills have cost that were prepared while the lead worked.
    var hedge = USD.zero
    /// The lead's clips that are to take the place of the understudy's.
    var upgrade: Upgrade?
    /// Whether the job waits for the artifact store.
    var isHeld = false
    /// Whether the understudy has a part in the film.
    var fallbackHasBegun = false

    init(spec: JobSpec, createdAt: Timestamp) {
        self.spec = spec
        self.createdAt = createdAt
        updatedAt = createdAt
        loadBeganAt = createdAt
    }

    /// Takes an event. Events that come too late, or twice, change nothing.
    mutating func apply(_ event: JobEvent, at now: Timestamp) -> [StatusDraft] {
        // A clock that was set back must not make anything end before it began.
        let now = max(updatedAt, now)
        updatedAt = now
        var drafts: [StatusDraft] = []
        switch event {
        case .started where phase == .queued:
            begin(at: now, &drafts)
        case .agentSkipped, .agentBegun, .agentProgress, .agentDone, .agentFailed:
            applyChain(event, at: now, &drafts)
        case .loaded(let plan) where phase == .loading:
            loaded(plan, at: now, &drafts)
        case .loadFailed(let error) where phase == .loading || phase == .chain(.agent4):
            stages.ran(.load, from: loadBeganAt, to: now)
            conclude(.failed(error))
        case .storeAway(let error) where !isHeld && !work.isEmpty:
            isHeld = true
            drafts.append(
                say(actor, .processing, "the job waits: \(error.message)", progress: progress))
        case .storeBack where isHeld:
            isHeld = false
            drafts.append(say(actor, .processing, "the job goes on", progress: progress))
        case .cancelled where outcome == nil && upgrade == nil:
            conclude(.cancelled)
        case .cancelled where outcome == nil:
            abandonUpgrade(ServiceError(.cancelled, "it was cancelled"), &drafts)
        case .settled(let warning) where phase == .settling:
            settled(warning, &drafts)
        case .retried(let selection) where phase == .done:
            retry(selection)
        case .edited(let edits) where phase == .done:
            edit(edits)
        case .upgradeAsked(let wanted, let cost) where phase == .done && outcome == .finished:
            askUpgrade(of: wanted, cost: cost)
        case .hedged:
            warmUp(&drafts)
        case .leadLate(let result):
            deliveredLate(result, at: now, &drafts)
        case .leadProgress, .leadDelivered, .leadFailed, .leadBarred, .leadFilmAccepted, .leadFilmCut,
            .leadClipsChecked:
            applyLead(event, at: now, &drafts)
        case .stopped(let segment, let error, let startedAt) where phase != .done:
            stopped(segment, error, startedAt: startedAt, at: now)
        case .imageMade(let index, let image, let startedAt) where phase == .settling:
            stoppedTooLate(index, image, startedAt: startedAt, at: now)
        case .imageMade, .imageFailed, .stillFailed:
            guard phase == .fallback || isWarmingUp else { break }
            applySegment(event, at: now, &drafts)
        case .clipMade, .clipFailed, .narrated, .narrationFailed:
            guard phase == .fallback else { break }
            applySegment(event, at: now, &drafts)
        case .stitched, .stitchFailed, .filmVerified, .filmRejected, .filmSpoiled:
            applyFilm(event, at: now, &drafts)
        default:
            break
        }
        let before = granted
        granted = work
        unsettled.formUnion(before.subtracting(granted).filter { $0.isPaid && !event.ends($0) })
        if phase == .fallback {
            if tally.isEmpty {
                phase = .stitching
            } else if granted.isEmpty {
                failFallback(
                    ServiceError(
                        .quotaExhausted,
                        "the job's limit max_cost_usd of \((spec.options.maxCost ?? .zero).text) is reached: "
                            + "raise it, or allow cards by on_image_failure"))
            }
        }
        return drafts
    }

    // MARK: - State

    var state: JobState {
        switch phase {
        case .queued: .queued
        case .done:
            switch outcome {
            case .finished: .finished
            case .cancelled: .cancelled
            case .failed, nil: .error
            }
        default: .running
        }
    }

    /// What the job was decided to come to, before that is visible.
    var decidedState: JobState {
        switch outcome {
        case .finished: .finished
        case .failed: .error
        case .cancelled: .cancelled
        case nil: state
        }
    }

    var error: ServiceError? {
        if case .failed(let error) = outcome { error } else { nil }
    }

    /// Who is at work: the lead until the understudy has stepped in.
    var actor: Agent { fallbackHasBegun ? .understudy : .lead }

    /// Stills, clips and the stitching, done of all.
    var progress: Progress {
        Progress(
            done: tally.steps + (filmDuration == nil ? 0 : 1), total: segments.isEmpty ? 0 : segments.count * 2 + 1)
    }

    /// Changes one segment, and what is to be done with it.
    mutating func change(_ index: Int, _ body: (inout SegmentRecord) -> Void) {
        let old = segments[index]
        body(&segments[index])
        tally.change(index, from: old, to: segments[index])
    }

    /// Changes all segments.
    mutating func changeAll(_ body: (inout SegmentRecord) -> Void) {
        for index in segments.indices { body(&segments[index]) }
        tally = SegmentTally(segments)
    }

    /// Puts all segments back.
    mutating func restore(_ segments: [SegmentRecord]) {
        self.segments = segments
        tally = SegmentTally(segments)
    }

    // MARK: - Steps

    private mutating func begin(at now: Timestamp, _ drafts: inout [StatusDraft]) {
        if plan == nil {
            beginChain(spec.entry == .chain ? .agent2 : nil)
        } else if upgrade != nil || isLeadsTurn {
            beginLead(at: now, &drafts)
        } else {
            beginFallback(&drafts)
        }
    }

    private mutating func loaded(_ plan: JobPlan, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        self.plan = plan
        segments = plan.segments.map { SegmentRecord(id: $0.id, duration: $0.duration, hasNarration: $0.audio != nil) }
        tally = SegmentTally(segments)
        warnings += plan.warnings
        stages.ran(.load, from: loadBeganAt, to: now)
        switch spec.entry {
        case .chain, .lead:
            beginLead(at: now, &drafts)
        case .fallback:
            beginFallback(&drafts)
        }
    }

    mutating func beginLead(at now: Timestamp, _ drafts: inout [StatusDraft]) {
        phase = .lead
        leadAttempt += 1
        leadBeganAt = now
        leadNotBefore = nil
        drafts.append(say(.lead, .starting, "Agent5 is starting"))
    }

    mutating func beginFallback(_ drafts: inout [StatusDraft]) {
        phase = .fallback
        fallbackHasBegun = true
        useSpares()
        let count = tally.undrawn.count + tally.inHand.count
        drafts.append(
            say(.understudy, .starting, "Agent6 makes \(count) of \(segments.count) segments", progress: progress))
    }

    /// Whether the lead has not yet failed, and nothing of the film is there.
    private var isLeadsTurn: Bool {
        spec.entry != .fallback && takeover == nil && segments.allSatisfy { $0.clip == nil }
    }

    /// What of the job's limit is left; `nil` without a limit. Orders of unknown end count as spent.
    var moneyLeft: USD? { spec.options.maxCost.map { $0 - costs.total - unknown } }

    mutating func conclude(_ outcome: Outcome) {
        self.outcome = outcome
        upgrade = nil
        phase = .settling
    }

    mutating func failFallback(_ error: ServiceError) {
        var error = error
        error.message = "Agent6 failed: \(error.message)"
        if let takeover { error.message += "; before that Agent5 failed: \(takeover.reason)" }
        conclude(.failed(error))
    }

    private mutating func settled(_ warning: String?, _ drafts: inout [StatusDraft]) {
        phase = .done
        if let warning { warnings.append(warning) }
        switch outcome {
        case .finished:
            let seconds = filmDuration.map { " (\(($0 * 10).rounded() / 10) s)" } ?? ""
            drafts.append(
                say(actor, .finished, "the film is ready\(seconds)", progress: progress, videoURL: videoURL))
        case .failed(let error):
            drafts.append(say(actor, .error, error.message, error: error))
        case .cancelled, nil:
            let error = ServiceError(.cancelled, "the job was cancelled")
            drafts.append(say(actor, .error, error.message, error: error))
        }
    }

    /// Remembers a try, however it ended.
    mutating func attempted(
        _ agent: Agent, _ work: AttemptKind, segmentID: String? = nil, from startedAt: Timestamp, to now: Timestamp,
        cost: USD = .zero, unknown: USD? = nil, error: ServiceError? = nil
    ) {
        var attempt = Attempt(
            agent: agent, work: work, segmentID: segmentID, startedAt: min(startedAt, now), endedAt: now,
            cost: cost, error: error)
        attempt.unknown = unknown.flatMap { $0 > .zero ? $0 : nil }
        attempts.append(attempt)
    }

    // MARK: - Messages

    /// A message of an agent, with the costs as they are now; remembers where the agent stands.
    mutating func say(
        _ agent: Agent, _ status: AgentStatus, _ message: String, segmentID: String? = nil,
        progress: Progress? = nil, videoURL: String? = nil, error: ServiceError? = nil
    ) -> StatusDraft {
        let cost = costs[agent]
        // What it told stays true until it tells something else, or begins anew.
        let progress = progress ?? (status == .starting ? nil : agents[agent]?.progress)
        agents[agent] = AgentView(status: status, message: message, progress: progress, cost: cost)
        return StatusDraft(
            agent: agent, status: status, message: message, segmentID: segmentID, progress: progress, cost: cost,
            costs: costs, videoURL: videoURL, error: error, jobState: state)
    }
}
