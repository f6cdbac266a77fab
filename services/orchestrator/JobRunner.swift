import Contracts
import FoundationEssentials
import JSONRPC
import Logging

/// Runs one job: does what the machine's `work` names, feeds back what came of it, and keeps every event before anybody can
/// see what it did.
actor JobRunner {
    nonisolated let jobID: String
    private var machine: JobMachine
    private var eventCount: Int
    private let studio: any Studio
    private let store: JobStore
    private let bulletin: Bulletin
    private let logger: Logger
    private let ended: @Sendable () async -> Void
    private var tasks: [JobWork: Task<Void, Never>] = [:]
    private var hasEnded = false
    private var isStopped = false

    /// - Parameters:
    ///   - events: all that happened so far.
    ///   - ended: called once when the job has come to its end.
    init(
        row: JobStore.Row, events: [JobStore.StoredEvent], studio: any Studio, store: JobStore, bulletin: Bulletin,
        logger: Logger, ended: @escaping @Sendable () async -> Void
    ) {
        jobID = row.spec.jobID
        machine = Self.fold(row, events)
        eventCount = events.count
        self.studio = studio
        self.store = store
        self.bulletin = bulletin
        self.logger = logger
        self.ended = ended
    }

    /// A job as it was left.
    static func fold(_ row: JobStore.Row, _ events: [JobStore.StoredEvent]) -> JobMachine {
        var machine = JobMachine(spec: row.spec, createdAt: row.createdAt)
        for stored in events { _ = machine.apply(stored.event, at: stored.at) }
        return machine
    }

    var view: JobView { machine.view }
    var receipt: Receipt { machine.receipt }
    var state: JobState { machine.state }

    /// Begins, or goes on where the events end.
    func run() async {
        if machine.phase == .queued { await feed(.started) } else { reconcile() }
    }

    /// Takes an event from outside.
    func feed(_ event: JobEvent) async {
        guard !isStopped else { return }
        let now = Timestamp.now
        var next = machine
        let drafts = next.apply(event, at: now)
        do {
            let messages = try store.append(event, number: eventCount, at: now, of: next, drafts: drafts)
            eventCount += 1
            machine = next
            bulletin.post(messages)
        } catch {
            logger.error("an event cannot be stored; trying again", metadata: ["job": "\(jobID)", "error": "\(error)"])
            try? await Task.sleep(for: .seconds(1))
            await feed(event)
            return
        }
        log(event)
        reconcile()
        if machine.phase == .done, !hasEnded {
            hasEnded = true
            await ended()
        }
    }

    /// Lets go of everything, without telling the job: the process is stopping.
    func stop() {
        isStopped = true
        for task in tasks.values { task.cancel() }
    }

    // MARK: - Work

    /// Starts what is to be done and is not under way, stops what is under way and is no longer wanted.
    private func reconcile() {
        guard !isStopped else { return }
        let wanted = machine.work
        for (work, task) in tasks where !wanted.contains(work) {
            task.cancel()
            tasks[work] = nil
        }
        for work in wanted where tasks[work] == nil {
            tasks[work] = Task { await perform(work) }
        }
    }

    private func perform(_ work: JobWork) async {
        let startedAt = Timestamp.now
        do {
            let event = try await event(of: work, startedAt: startedAt)
            await done(work, event)
        } catch {
            let failure = ServiceError(wrapping: error)
            // Work that was stopped because nobody wants it any more has nothing to say.
            if failure.kind == .cancelled, Task.isCancelled { return }
            await done(work, failed(work, failure, startedAt: startedAt))
        }
    }

    private func done(_ work: JobWork, _ event: JobEvent) async {
        guard machine.work.contains(work) else { return }
        tasks[work] = nil
        await feed(event)
    }

    private func event(of work: JobWork, startedAt: Timestamp) async throws -> JobEvent {
        let spec = machine.spec
        guard let plan = machine.plan, work != .load else {
            if work == .settle { return await settle() }
            return .loaded(try await studio.load(spec))
        }
        switch work {
        case .load:
            return .loaded(try await studio.load(spec))
        case .lead:
            return .leadDelivered(try await callLead(spec, plan), startedAt: startedAt)
        case .checkLeadFilm:
            guard case .checkingLeadFilm(let video) = machine.phase else { throw CancellationError() }
            let film = try await studio.acceptLeadFilm(video, spec, plan)
            return .leadFilmAccepted(video: film, startedAt: startedAt)
        case .checkLeadClips:
            let faults = try await studio.checkLeadClips(machine.leadClips, spec, plan)
            let good = plan.segments.map(\.id).filter { faults[$0] == nil }
            return .leadClipsChecked(good: good, bad: faults, startedAt: startedAt)
        case .image(let index, _, let provider):
            let image = try await studio.draw(plan.segments[index], provider: provider, spec)
            return .imageMade(segment: index, image: image, startedAt: startedAt)
        case .clip(let index):
            let image = machine.segments[index].image?.image ?? ""
            let clip = try await studio.clip(index, of: plan, image: image, spec)
            return .clipMade(segment: index, clip: clip, startedAt: startedAt)
        case .narrate(let index):
            _ = try await studio.narrate(plan.segments[index], clip: machine.segments[index].clip ?? "", spec)
            return .narrated(segment: index, startedAt: startedAt)
        case .stitch:
            return .stitched(try await studio.stitch(stitchClips(plan), spec), startedAt: startedAt)
        case .verifyFilm:
            let warnings = try await studio.verify(machine.videoURL ?? "", plan, spec)
            return .filmVerified(warnings: warnings, startedAt: startedAt)
        case .settle:
            return await settle()
        }
    }

    private func failed(_ work: JobWork, _ error: ServiceError, startedAt: Timestamp) -> JobEvent {
        switch work {
        case .load: .loadFailed(error)
        case .lead, .checkLeadFilm, .checkLeadClips: .leadFailed(error, startedAt: startedAt)
        case .image(let index, _, _): .imageFailed(segment: index, error, startedAt: startedAt)
        case .clip(let index): .clipFailed(segment: index, error, startedAt: startedAt)
        case .narrate(let index): .narrationFailed(segment: index, error, startedAt: startedAt)
        case .stitch: .stitchFailed(error, startedAt: startedAt)
        case .verifyFilm: .filmRejected(error, startedAt: startedAt)
        case .settle: .settled(warning: error.message)
        }
    }

    private func callLead(_ spec: JobSpec, _ plan: JobPlan) async throws -> AgentResult {
        if let moment = machine.leadNotBefore {
            let wait = moment.milliseconds - Timestamp.now.milliseconds
            if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
        }
        let studio = self.studio
        return try await LeadClock.limit(
            whole: spec.options.agent5Timeout ?? JobDefaults.agent5Timeout,
            stall: spec.options.agent5Stall ?? JobDefaults.agent5Stall
        ) { alive in
            try await studio.lead(spec, plan) { report in
                alive()
                Task { await self.progressed(report) }
            }
        }
    }

    private func progressed(_ report: ProgressReport) async {
        guard case .lead = machine.phase else { return }
        await feed(.leadProgress(fraction: report.fraction, message: report.message))
    }

    private func stitchClips(_ plan: JobPlan) -> [StitchClip] {
        zip(plan.segments, machine.segments).map { planned, record in
            let narrates = planned.audio != nil && record.narration != .failed
            return StitchClip(
                clip: record.clip ?? "", segmentID: planned.id, duration: planned.duration,
                audio: narrates ? planned.audio : nil, audioStart: narrates ? planned.audioStart : nil,
                text: planned.narration)
        }
    }

    /// Writes the receipt of a job that is decided.
    private func settle() async -> JobEvent {
        guard machine.plan != nil else { return .settled(warning: nil) }
        do {
            try await studio.write(machine.receipt, machine.spec)
            return .settled(warning: nil)
        } catch {
            return .settled(warning: "the receipt cannot be written: \(ServiceError(wrapping: error).message)")
        }
    }

    // MARK: - Log

    private func log(_ event: JobEvent) {
        for (type, data) in JobLog.entries(event, machine) { studio.log(type, data) }
    }
}
