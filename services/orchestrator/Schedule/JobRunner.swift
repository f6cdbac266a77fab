// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Retry
import ServicePool

/// Runs one job: performs the machine's `work`, applies its results as events, and stores every event before its effect becomes visible.
///
/// Events that arrive while others are being stored wait, and are then stored together.
actor JobRunner {
    nonisolated let jobID: String
    /// The job. It is ahead of the store while events are being stored, so callers use `read`, which waits for the store.
    var machine: JobMachine
    let services: any JobServices
    let breakers: Breakers
    let logger: Logger
    /// The call context of all work of the job, independent of the caller that submits an event.
    private let context: CallContext
    /// When this process first called the lead; its timeouts count from here.
    var leadStart: ContinuousClock.Instant?
    private let store: any JobJournal
    let leadTimes: any LeadTimeRecords
    private let lease: JobLease
    private let changeNotifier: JobChangeNotifier
    private let outageBounds: OutageBackoff.Bounds
    private let onEnd: @Sendable () async -> Void
    /// The number of stored events.
    private var eventCount: Int
    /// The job's state in the store.
    private var storedState: JobState
    /// Submitted events that are not being stored yet.
    private var inbox: [PendingAppend] = []
    /// Callers of `read` that wait for the store.
    private var readers: [@Sendable (Result<JobMachine, ServiceError>) -> Void] = []
    private var isStoring = false
    /// The work in flight.
    private var tasks: [JobWork: Task<Void, Never>] = [:]
    /// Paid calls that were stopped; they end by booking their costs.
    private var stoppedCalls: [Task<Void, Never>] = []
    private var hasEnded = false
    /// Whether the end is stored: from then on, clients may know of it.
    private var isEndStored = false
    private var isReleased = false
    /// Callers of `waitForRelease`.
    private var releaseWaiters: [CheckedContinuation<Void, Never>] = []
    /// The error after another orchestrator has taken over the job; `nil` while this one has the lease.
    private var leaseLoss: ServiceError?
    private var isStopped = false

    /// Events to be stored together.
    private struct PendingAppend {
        var events: [JobEvent]
        /// The work that they end. It counts as in flight until the events are applied.
        var work: JobWork?
        /// Resumed when the events are stored.
        var stored: CheckedContinuation<Void, Never>
    }

    /// - Parameters:
    ///   - machine: the job after all stored events.
    ///   - eventCount: the number of stored events.
    ///   - state: the job's state in the store.
    ///   - lease: the lease under which events are stored.
    ///   - services: what the job delegates its work to.
    ///   - store: the job store.
    ///   - breakers: the breakers of the agents.
    ///   - changeNotifier: notified of every stored status message.
    ///   - outageBounds: how long work waits for an artifact store that is full or unreachable.
    ///   - onEnd: called once, when the job has ended or another orchestrator has taken it over.
    init(
        machine: JobMachine, eventCount: Int, state: JobState, lease: JobLease, services: any JobServices,
        store: any JobJournal & LeadTimeRecords, breakers: Breakers, changeNotifier: JobChangeNotifier,
        outageBounds: OutageBackoff.Bounds,
        logger: Logger,
        onEnd: @escaping @Sendable () async -> Void
    ) {
        jobID = machine.spec.jobID
        context = .job(machine.spec.jobID, trace: machine.spec.trace)
        self.machine = machine
        self.eventCount = eventCount
        storedState = state
        self.lease = lease
        self.services = services
        self.store = store
        leadTimes = store
        self.breakers = breakers
        self.changeNotifier = changeNotifier
        self.outageBounds = outageBounds
        self.logger = logger
        self.onEnd = onEnd
    }

    /// Folds a job's stored events.
    static func fold(_ row: JobRow, _ events: [RecordedEvent]) -> JobMachine {
        var machine = JobMachine(spec: row.spec, createdAt: row.createdAt)
        for recorded in events { _ = machine.apply(recorded.event, at: recorded.at) }
        return machine
    }

    /// Reads the job as of the last stored event.
    ///
    /// - Throws: the store's error while the latest events cannot be stored; `conflict` after the lease was lost.
    func read<T: Sendable>(_ body: @escaping @Sendable (JobMachine) -> T) async throws -> T {
        if let leaseLoss { throw leaseLoss }
        guard isStoring else { return body(machine) }
        return try await withCheckedThrowingContinuation { continuation in
            readers.append { continuation.resume(with: $0.map(body)) }
        }
    }

    /// Starts the job, or continues it after a restart.
    func run() async {
        if machine.phase.kind == .queued { await submit(.started) } else { reconcile() }
    }

    /// Submits an event. Returns when it is stored, or the process is stopping.
    ///
    /// - Parameter work: the work that the event ends.
    func submit(_ event: JobEvent, ending work: JobWork? = nil) async { await submit([event], ending: work) }

    /// Submits events that are stored together or not at all.
    func submit(_ events: [JobEvent], ending work: JobWork? = nil) async {
        guard !isStopped else { return }
        await withCheckedContinuation { continuation in
            inbox.append(PendingAppend(events: events.map(\.bounded), work: work, stored: continuation))
            guard !isStoring else { return }
            isStoring = true
            Task { await CallContext.$current.withValue(context) { await storeAll() } }
        }
    }

    /// Accepts no further events, because the process is stopping. Work that ends from now on is repeated after the next start.
    func suspend() { isStopped = true }

    /// Cancels all work without recording it, because the process is stopping.
    func stop() {
        suspend()
        for task in tasks.values { task.cancel() }
    }

    /// Cancels the work of a job that another orchestrator has taken over, except paid calls: the other orchestrator makes the same orders,
    /// which cancelling would cancel too.
    private func abandon() {
        suspend()
        for (work, task) in tasks where !work.isPaid { task.cancel() }
    }

    // MARK: - Storing events

    private func storeAll() async {
        while !inbox.isEmpty {
            let batch = inbox
            inbox = []
            await storeBatch(batch)
            for append in batch { append.stored.resume() }
        }
        isStoring = false
        resumeReaders(readResult)
        if machine.phase.kind == .done { await end() }
    }

    private func end() async {
        guard !hasEnded else { return }
        hasEnded = true
        await onEnd()
        isReleased = true
        for waiter in releaseWaiters { waiter.resume() }
        releaseWaiters = []
    }

    /// Waits until an ended job is released. A client that has just received the job's last message may retry it, or use its session.
    ///
    /// - Returns: `false`, at once, if the job has not ended.
    func waitForRelease() async -> Bool {
        guard isEndStored else { return false }
        if !isReleased { await withCheckedContinuation { releaseWaiters.append($0) } }
        return true
    }

    /// Applies events, stores them with their messages, and only then makes them visible.
    private func storeBatch(_ batch: [PendingAppend]) async {
        let events = batch.flatMap(\.events)
        for work in batch.compactMap(\.work) { tasks[work] = nil }
        let now = Timestamp.now
        let drafts = events.flatMap { machine.apply($0, at: now) }
        let state = machine.state
        let entry = JournalEntry(
            spec: machine.spec, fence: lease.fence, number: eventCount, events: events, at: machine.updatedAt,
            drafts: drafts, state: state == storedState ? nil : state, view: state.isTerminal ? machine.view : nil,
            result: state.isTerminal ? JobResult(machine) : nil)
        guard let messages = await append(entry) else { return resumeReaders(readResult) }
        eventCount += events.count
        storedState = state
        isEndStored = machine.phase.kind == .done
        resumeReaders(.success(machine))
        changeNotifier.notify(messages)
        for event in events {
            await updateBreakers(after: event)
            for (type, data) in JobLog.entries(event, machine) { services.log(type, data) }
        }
        reconcile()
    }

    /// Retries until the entry is stored, because an event that is not stored must have no effect.
    ///
    /// - Returns: `nil` if the process is stopping, or the lease is lost.
    private func append(_ entry: JournalEntry) async -> [StatusMessage]? {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        while !isStopped {
            do {
                return try await store.append(entry)
            } catch let error as LeaseLost {
                logger.error("\(error.serviceError.message)")
                leaseLoss = error.serviceError
                abandon()
                await end()
            } catch {
                let failure = ServiceError(wrapping: error)
                logger.error("events cannot be stored", metadata: ["job": "\(jobID)", "error": "\(failure.message)"])
                resumeReaders(.failure(failure))
                try? await Task.sleep(for: backoff.next())
            }
        }
        return nil
    }

    /// The result of `read` while no events are being stored.
    private var readResult: Result<JobMachine, ServiceError> { leaseLoss.map { .failure($0) } ?? .success(machine) }

    private func resumeReaders(_ result: Result<JobMachine, ServiceError>) {
        let waiting = readers
        readers = []
        for reader in waiting { reader(result) }
    }

    /// Records an agent's success or failure in its breaker.
    private func updateBreakers(after event: JobEvent) async {
        switch event {
        case .agentFailed(let agent, let error, _, _) where error.cause != .breakerOpen:
            await breakers.failed(agent.rawValue, error, job: jobID)
        case .agentDone(let agent, _, _):
            await breakers.succeeded(agent.rawValue)
        case .leadFailed(let error, _):
            await breakers.failed(Agent.lead.service, error, job: jobID)
        case .leadFilmAccepted:
            await breakers.succeeded(Agent.lead.service)
            await recordLeadTime()
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
            await breakers.releaseProbes(of: jobID)
        default:
            break
        }
    }

    // MARK: - Work

    /// Starts work that is missing and cancels work in flight that is no longer needed.
    private func reconcile() {
        guard !isStopped else { return }
        let needed = machine.work
        for (work, task) in tasks where !needed.contains(work) {
            task.cancel()
            tasks[work] = nil
            if work.isPaid { stoppedCalls.append(task) }
        }
        for work in needed where tasks[work] == nil {
            tasks[work] = Task { await CallContext.$current.withValue(context) { await perform(work) } }
        }
    }

    /// Performs work and submits its result. Retries once after a crashed replica, and waits during an outage of the store or a service.
    private func perform(_ work: JobWork) async {
        let startedAt = Timestamp.now
        var outage = OutageBackoff(outageBounds)
        var hasRetriedCrash = false
        while true {
            do {
                let event = try await event(of: work, startedAt: startedAt)
                if outage.hasWaited { await submit(.storeBack) }
                return await finish(work, event)
            } catch {
                var failure = ServiceError(wrapping: error)
                // Stopped work reports only its cost.
                if Task.isCancelled, work.isPaid || failure.kind == .cancelled {
                    return await finish(work, Self.failed(work, failure, startedAt: startedAt))
                }
                // Two replicas may also have been killed by chance, so media that the understudy made are tried again. A film of the
                // lead is not, because the understudy can replace it.
                if work.isOwnMedia, failure.cause == .replicaBroken, !hasRetriedCrash {
                    hasRetriedCrash = true
                    try? await Task.sleep(for: .seconds(Self.crashRetryPause))
                    continue
                }
                if work.usesStore, OutageBackoff.isTransient(failure) {
                    if let pause = outage.nextPause() {
                        await submit(.storeAway(failure))
                        // trusted: bounded by `OutageBackoff.Bounds`
                        try? await Task.sleep(for: .seconds(pause))
                        continue
                    }
                    if outage.hasWaited {
                        failure.message += "; retried for \(Int(outage.waited)) s without success"
                    }
                }
                return await finish(work, Self.failed(work, failure, startedAt: startedAt))
            }
        }
    }

    /// The event that books the end of a paid call after the call was stopped.
    private static func settlement(_ event: JobEvent) -> JobEvent {
        switch event {
        case .leadDelivered(let result, _): .leadLate(result)
        case .leadFailed(let error, let startedAt): .stopped(segment: nil, error, startedAt: startedAt)
        case .leadBarred(let error): .stopped(segment: nil, error, startedAt: .now)
        case .stillFailed(let index, let error, let startedAt):
            .stopped(segment: index, error, startedAt: startedAt)
        default: event
        }
    }

    /// Waits until all stopped paid calls have ended and are booked. The cost of calls made by an earlier process is booked as unknown.
    func settleStopped() async {
        let calls = stoppedCalls
        stoppedCalls = []
        for task in calls { await task.value }
        guard !isStopped else { return }
        for work in machine.unsettled {
            let error = ServiceError(
                .cancelled, "the orchestrator was restarted before the stopped call was booked", cause: .notSettled)
            await submit(.stopped(segment: work.segment, error, startedAt: .now))
        }
    }

    /// The pause before work that crashed its replicas is retried, in seconds.
    private static let crashRetryPause = 2.0

    /// Submits the result of work, unless it was cancelled or is no longer needed.
    private func finish(_ work: JobWork, _ event: JobEvent) async {
        if machine.unsettled.contains(work) { return await submit(Self.settlement(event)) }
        guard !Task.isCancelled, tasks[work] != nil, machine.work.contains(work) else { return }
        await submit(event, ending: work)
    }
}
