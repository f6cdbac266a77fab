import Calls
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Retry
import ServicePool

/// Runs one job: does what the machine's `work` names, feeds back what came of it, and keeps every event before anybody can
/// see what it did.
///
/// Events that come while others are on their way to the disk wait, and are kept together after them.
actor JobRunner {
    nonisolated let jobID: String
    /// Ahead of the store while events are being kept; others see it only in between, through `read`.
    var machine: JobMachine
    let studio: any Studio
    let breakers: Breakers
    let logger: Logger
    /// What all work of the job hands down: not the context of the call that happens to bring an event.
    private let context: CallContext
    /// When this process first turned to the lead.
    var leadStart: ContinuousClock.Instant?
    private let store: any JobJournal
    let leadTimes: any LeadTimeRecords
    private let lease: JobLease
    private let bulletin: Bulletin
    private let patience: StoreHold.Patience
    private let ended: @Sendable () async -> Void
    private var eventCount: Int
    /// As the store has it.
    private var storedState: JobState
    private var inbox: [Letter] = []
    private var readers: [@Sendable (Result<JobMachine, ServiceError>) -> Void] = []
    private var isKeeping = false
    private var tasks: [JobWork: Task<Void, Never>] = [:]
    /// Paid calls that were stopped; they end by booking what they spent.
    private var stopping: [Task<Void, Never>] = []
    private var hasEnded = false
    /// Why the job is no longer this orchestrator's.
    private var loss: ServiceError?
    private var isStopped = false

    /// Events that wait to be kept together.
    private struct Letter {
        var events: [JobEvent]
        /// The work that they end. Until the machine has taken them, that work still counts as being done.
        var work: JobWork?
        var kept: CheckedContinuation<Void, Never>
    }

    /// - Parameters:
    ///   - machine: the job after all that happened so far.
    ///   - eventCount: how many events that was.
    ///   - state: the job's state in the store.
    ///   - lease: under which the job is written.
    ///   - ended: called once when the job has come to its end, or another orchestrator has taken it over.
    init(
        machine: JobMachine, eventCount: Int, state: JobState, lease: JobLease, studio: any Studio,
        store: any JobJournal & LeadTimeRecords, breakers: Breakers, bulletin: Bulletin, patience: StoreHold.Patience,
        logger: Logger,
        ended: @escaping @Sendable () async -> Void
    ) {
        jobID = machine.spec.jobID
        context = .job(machine.spec.jobID)
        self.machine = machine
        self.eventCount = eventCount
        storedState = state
        self.lease = lease
        self.studio = studio
        self.store = store
        leadTimes = store
        self.breakers = breakers
        self.bulletin = bulletin
        self.patience = patience
        self.logger = logger
        self.ended = ended
    }

    /// A job as it was left.
    static func fold(_ row: JobRow, _ events: [RecordedEvent]) -> JobMachine {
        var machine = JobMachine(spec: row.spec, createdAt: row.createdAt)
        for recorded in events { _ = machine.apply(recorded.event, at: recorded.at) }
        return machine
    }

    /// Looks at the job as the store has it.
    ///
    /// - Throws: why the store cannot keep the job's last events, as long as that is so.
    func read<T: Sendable>(_ body: @escaping @Sendable (JobMachine) -> T) async throws -> T {
        if let loss { throw loss }
        guard isKeeping else { return body(machine) }
        return try await withCheckedThrowingContinuation { continuation in
            readers.append { continuation.resume(with: $0.map(body)) }
        }
    }

    /// Begins, or goes on where the events end.
    func run() async {
        if machine.phase.kind == .queued { await feed(.started) } else { reconcile() }
    }

    /// Takes an event. Returns when it is kept, or the process is stopping.
    ///
    /// - Parameter work: what has ended with it.
    func feed(_ event: JobEvent, ending work: JobWork? = nil) async { await feed([event], ending: work) }

    /// Takes events that are kept together or not at all.
    func feed(_ events: [JobEvent], ending work: JobWork? = nil) async {
        guard !isStopped else { return }
        await withCheckedContinuation { continuation in
            inbox.append(Letter(events: events.map(\.bounded), work: work, kept: continuation))
            guard !isKeeping else { return }
            isKeeping = true
            Task { await CallContext.$current.withValue(context) { await keepAll() } }
        }
    }

    /// Hears of nothing more, so that what ends now is done again at the next start: the process is stopping.
    func hold() { isStopped = true }

    /// Lets go of everything, without telling the job: the process is stopping.
    func stop() {
        hold()
        for task in tasks.values { task.cancel() }
    }

    /// Lets go of a job that another orchestrator has. Paid calls run to their ends: the other one asks for the same orders, which a
    /// cancelled call would cancel.
    private func abandon() {
        hold()
        for (work, task) in tasks where !work.isPaid { task.cancel() }
    }

    // MARK: - Keeping

    private func keepAll() async {
        while !inbox.isEmpty {
            let batch = inbox
            inbox = []
            await keep(batch)
            for letter in batch { letter.kept.resume() }
        }
        isKeeping = false
        tellReaders(standing)
        if machine.phase.kind == .done { await end() }
    }

    private func end() async {
        guard !hasEnded else { return }
        hasEnded = true
        await ended()
    }

    private func keep(_ letters: [Letter]) async {
        let events = letters.flatMap(\.events)
        for work in letters.compactMap(\.work) { tasks[work] = nil }
        let now = Timestamp.now
        let drafts = events.flatMap { machine.apply($0, at: now) }
        let state = machine.state
        let entry = JournalEntry(
            spec: machine.spec, fence: lease.fence, number: eventCount, events: events, at: machine.updatedAt,
            drafts: drafts, state: state == storedState ? nil : state, view: state.isTerminal ? machine.view : nil,
            result: state.isTerminal ? JobResult(machine) : nil)
        guard let messages = await append(entry) else { return tellReaders(standing) }
        eventCount += events.count
        storedState = state
        tellReaders(.success(machine))
        bulletin.post(messages)
        for event in events {
            await judge(event)
            for (type, data) in JobLog.entries(event, machine) { studio.log(type, data) }
        }
        reconcile()
    }

    /// Retries until the entry is stored: an event that cannot be stored must have no effect.
    ///
    /// - Returns: `nil` if the process is stopping, or the lease is lost.
    private func append(_ entry: JournalEntry) async -> [StatusMessage]? {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        while !isStopped {
            do {
                return try await store.append(entry)
            } catch let error as LostLease {
                logger.error("\(error.serviceError.message)")
                loss = error.serviceError
                abandon()
                await end()
            } catch {
                let failure = ServiceError(wrapping: error)
                logger.error("events cannot be kept", metadata: ["job": "\(jobID)", "error": "\(failure.message)"])
                tellReaders(.failure(failure))
                try? await Task.sleep(for: backoff.next())
            }
        }
        return nil
    }

    private var standing: Result<JobMachine, ServiceError> { loss.map { .failure($0) } ?? .success(machine) }

    private func tellReaders(_ result: Result<JobMachine, ServiceError>) {
        let told = readers
        readers = []
        for reader in told { reader(result) }
    }

    /// Tells the breakers how an agent did.
    private func judge(_ event: JobEvent) async {
        switch event {
        case .agentFailed(let agent, let error, _, _) where error.cause != .breakerOpen:
            await breakers.failed(agent.rawValue, error, job: jobID)
        case .agentDone(let agent, _, _):
            await breakers.succeeded(agent.rawValue)
        case .leadFailed(let error, _):
            await breakers.failed(Agent.lead.service, error, job: jobID)
        case .leadFilmAccepted:
            await breakers.succeeded(Agent.lead.service)
            await noteLeadTime()
        case .leadFilmCut(_, let bad, _, _):
            if let error = bad.values.first { await breakers.failed(Agent.lead.service, error, job: jobID) }
        case .leadClipsChecked(let good, let bad, _, _):
            if let error = bad.values.first {
                await breakers.failed(Agent.lead.service, error, job: jobID)
            } else if !good.isEmpty {
                await breakers.succeeded(Agent.lead.service)
            }
        case .leadDelivered(let result, _) where result.video == nil && result.clips.isEmpty:
            await breakers.failed(
                Agent.lead.service, ServiceError(.corruptMedia, "neither a film nor clips"), job: jobID)
        case .settled:
            await breakers.released(by: jobID)
        default:
            break
        }
    }

    // MARK: - Work

    /// Starts what is to be done and is not under way, stops what is under way and is no longer wanted.
    private func reconcile() {
        guard !isStopped else { return }
        let wanted = machine.work
        for (work, task) in tasks where !wanted.contains(work) {
            task.cancel()
            tasks[work] = nil
            if work.isPaid { stopping.append(task) }
        }
        for work in wanted where tasks[work] == nil {
            tasks[work] = Task { await CallContext.$current.withValue(context) { await perform(work) } }
        }
    }

    private func perform(_ work: JobWork) async {
        let startedAt = Timestamp.now
        var hold = StoreHold(patience)
        var verdicts = 0
        while true {
            do {
                let event = try await event(of: work, startedAt: startedAt)
                if hold.isHolding { await feed(.storeBack) }
                return await done(work, event)
            } catch {
                var failure = ServiceError(wrapping: error)
                // Work that was stopped has nothing to report but what it spent.
                if Task.isCancelled, work.isPaid || failure.kind == .cancelled {
                    return await done(work, Self.failed(work, failure, startedAt: startedAt))
                }
                // Processes may also be killed twice under the same call by chance, and what the understudy makes itself is
                // worth a second look. A lead's film is not: the understudy is there for that.
                if work.isOwnMedia, failure.cause == .replicaBroken, verdicts == 0 {
                    verdicts += 1
                    try? await Task.sleep(for: .seconds(Self.verdictPause))
                    continue
                }
                if work.usesStore, StoreHold.isPassing(failure) {
                    if let pause = hold.pause() {
                        await feed(.storeAway(failure))
                        // trusted: a pause of our own, bounded
                        try? await Task.sleep(for: .seconds(pause))
                        continue
                    }
                    failure.message += "; it was waited for for \(Int(hold.waited)) s"
                }
                return await done(work, Self.failed(work, failure, startedAt: startedAt))
            }
        }
    }

    /// How the end of a paid call is booked that came although the call was to be stopped.
    private static func stopped(_ event: JobEvent) -> JobEvent {
        switch event {
        case .leadDelivered(let result, _): .leadLate(result)
        case .leadFailed(let error, let startedAt): .stopped(segment: nil, error, startedAt: startedAt)
        case .leadBarred(let error): .stopped(segment: nil, error, startedAt: .now)
        case .stillFailed(let index, let error, let startedAt):
            .stopped(segment: index, error, startedAt: startedAt)
        default: event
        }
    }

    /// Waits for the ends of paid calls that were stopped. What is not booked then, since an earlier process made the call, counts as
    /// unknown.
    func settleStopped() async {
        let ending = stopping
        stopping = []
        for task in ending { await task.value }
        guard !isStopped else { return }
        for work in machine.unsettled {
            let error = ServiceError(
                .cancelled, "the orchestrator was restarted before the stopped call was booked", cause: .notSettled)
            await feed(.stopped(segment: work.segment, error, startedAt: .now))
        }
    }

    /// Seconds before work that broke its service is tried again.
    private static let verdictPause = 2.0

    private func done(_ work: JobWork, _ event: JobEvent) async {
        if machine.unsettled.contains(work) { return await feed(Self.stopped(event)) }
        guard !Task.isCancelled, tasks[work] != nil, machine.work.contains(work) else { return }
        await feed(event, ending: work)
    }
}
