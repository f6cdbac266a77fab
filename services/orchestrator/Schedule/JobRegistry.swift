// SPDX-License-Identifier: Apache-2.0

import Breaker
import Calls
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSON
import Logging
import Parameters

/// Owns every live job: admits, schedules, looks up and releases job runners.
///
/// Ended jobs are read from the job store. `JobSchedule` decides whose turn it is; each live job has a `JobRunner`.
///
/// ```swift
/// let registry = JobRegistry(store: store, services: services, breakers: breakers, logger: logger)
/// try await registry.resume()
/// let started = try await registry.start(request, options: options, entry: .lead)
/// ```
actor JobRegistry {
    nonisolated let store: any JobJournal & LeadTimeRecords
    /// The holder of the leases of the live jobs.
    let holder: Leaseholder
    private let services: any JobServices
    private let outageBounds: OutageBackoff.Bounds
    let logger: Logger
    nonisolated let breakers: Breakers
    nonisolated let changeNotifier = JobChangeNotifier()
    /// The runners of the jobs that have not ended, by job id.
    var live: [String: JobRunner] = [:]
    var schedule: JobSchedule
    /// Folders of sessions whose jobs are about to be stored.
    private var reserved: Set<String> = []
    private var isStopped = false
    /// Ids of ended jobs that are being reopened.
    private var reopening: Set<String> = []
    /// Ids of jobs that are being pruned.
    private var pruning: Set<String> = []

    /// - Parameters:
    ///   - store: the job store.
    ///   - services: what the jobs delegate their work to.
    ///   - breakers: the breakers of the agents.
    ///   - outageBounds: how long work waits for an artifact store that is full or unreachable.
    ///   - maximumRunning: the maximum number of running jobs.
    ///   - holder: the holder of this orchestrator's leases.
    init(
        store: any JobJournal & LeadTimeRecords, services: any JobServices, breakers: Breakers,
        outageBounds: OutageBackoff.Bounds = .init(), maximumRunning: Int = 16, holder: Leaseholder = .unique(),
        logger: Logger
    ) {
        self.store = store
        self.holder = holder
        self.services = services
        self.breakers = breakers
        self.outageBounds = outageBounds
        schedule = JobSchedule(limit: maximumRunning)
        self.logger = logger
    }

    /// Starts a job, or returns the job of the same idempotency key.
    ///
    /// - Throws: `conflict` if the idempotency key belongs to other parameters, or if the session is busy and `when_busy` is `refuse`;
    ///   `unauthorized` for an artifact that the caller may not use; `busy` while the orchestrator is stopping.
    func start(_ request: StartJob, options: JobOptions, entry: JobSpec.Entry) async throws -> StartedJob {
        if isStopped { throw ServiceError(.busy, "this replica is stopping") }
        let spec = JobSpec(
            jobID: Self.newID(), userID: request.userID, sessionID: request.sessionID,
            supersessionID: request.supersessionID, entry: entry, options: options, pipelineData: request.pipelineData,
            isConfined: Self.isConfined(request), trace: CallContext.current.trace ?? TraceContext())
        try services.check(spec)
        let fingerprint = try SpecFormat.fingerprint(spec)
        if let key = request.idempotencyKey, let known = try await store.job(key: key, fingerprint: fingerprint) {
            return StartedJob(jobID: known.spec.jobID, state: try await machineState(known), isExisting: true)
        }
        let folder = Self.ticket(spec).folder
        if options.whenBusy == .refuse { await waitForReleases(inSessionOf: spec) }
        try checkSession(spec, folder)
        reserved.insert(folder)
        defer { reserved.remove(folder) }
        let added = try await store.add(
            spec, at: .now, key: request.idempotencyKey, fingerprint: fingerprint, for: holder)
        switch added {
        case .existing(let known):
            return StartedJob(jobID: known.spec.jobID, state: try await machineState(known), isExisting: true)
        case .new(let row, let lease):
            let history = JobHistory(row: row, events: [])
            live[spec.jobID] = makeRunner(history, JobRunner.fold(row, []), lease)
            schedule.add(Self.ticket(spec))
            await runNext()
            return StartedJob(jobID: spec.jobID, state: try await machineState(row), isExisting: false)
        }
    }

    /// Whether the artifacts that a call names must be in the store or in `UNDERSTUDY_ALLOW_PATHS`: the call comes through the
    /// dashboard, or from a process of another user.
    static func isConfined(_ request: StartJob) -> Bool? {
        let isOther = CallContext.peer.map { $0.uid != getuid() } ?? false
        return request.isConfined == true || isOther ? true : nil
    }

    /// Checks whether a new job may wait for its session.
    ///
    /// - Throws: `conflict` if the session is busy and the job's `when_busy` is `refuse`.
    private func checkSession(_ spec: JobSpec, _ folder: String) throws(ServiceError) {
        guard spec.options.whenBusy == .refuse else { return }
        let other = schedule.occupant(of: spec.sessionID, user: spec.userID)
        guard other != nil || reserved.contains(folder) else { return }
        throw ServiceError(
            .conflict,
            "\(other.map { "the job \($0)" } ?? "another job") uses the session \(folder): wait until it has ended")
    }

    /// The view of a job. Ended jobs are read outside the actor, because decoding the journal of a long job takes time.
    nonisolated func view(_ id: String) async throws -> JobView {
        if let runner = await runner(of: id) { return try await runner.read { $0.view } }
        if let view = try await store.finalView(of: id) { return view }
        do {
            return try await folded(id).view
        } catch let error as DamagedJob {
            return error.view
        }
    }

    /// The runner of a live job; `nil` for an ended one.
    private func runner(of id: String) -> JobRunner? { live[id] }

    private var liveJobs: [String] { live.keys.sorted() }

    /// The view of a job, with the segments' visual guidance unless the request excludes it.
    nonisolated func status(_ request: JobStatus) async throws -> JobView {
        var view = try await view(request.jobID)
        guard request.guidance ?? true else { return view }
        for (index, text) in (try await guidance(view.jobID) ?? []).enumerated()
        where view.segments.indices.contains(index) {
            view.segments[index].visualGuidance = text
        }
        return view
    }

    private nonisolated func guidance(_ id: String) async throws -> [String]? {
        if let runner = await runner(of: id) { return try await runner.read { $0.guidance } }
        do {
            if let result = try await store.result(of: id) { return result.guidance }
            return try await folded(id).guidance
        } catch is DamagedJob {
            return nil
        }
    }

    /// The receipt of a job.
    ///
    /// - Throws: `DamagedJob` if neither the stored receipt nor the events can be read.
    nonisolated func receipt(_ id: String) async throws -> Receipt {
        if let runner = await runner(of: id) { return try await runner.read { $0.receipt } }
        if let result = try await store.result(of: id) { return result.receipt }
        return try await folded(id).receipt
    }

    /// The maximum size of a page of the list in bytes of JSON, unless its only job is larger.
    static let pageBytes = 2 * 1024 * 1024

    /// A page of jobs, newest first. It has fewer than `limit` jobs if they exceed `pageBytes`; `next` is then the last job of the page.
    nonisolated func list(_ request: ListJobs, pageBytes: Int = JobRegistry.pageBytes) async throws -> JobList {
        try request.validate()
        let limit = request.limit ?? JobDefaults.page
        let page = try await store.jobs(
            state: request.state, limit: limit, after: request.after, maximumBytes: pageBytes)
        var views: [JobView] = []
        var bytes = page.bytes
        for (id, final) in page.jobs {
            try Task.checkCancellation()
            let view = if let final { final } else { try await self.view(id) }
            if final == nil { bytes += try JSONCoding.encode(view).count }
            guard views.isEmpty || bytes <= pageBytes else {
                return JobList(jobs: views, next: views.last?.jobID)
            }
            views.append(view)
        }
        return JobList(jobs: views, next: page.hasMore ? page.jobs.last?.id : nil)
    }

    /// Deletes the oldest ended jobs that exceed a bound.
    ///
    /// - Returns: the number of deleted jobs, at most `limit`.
    func prune(endedBefore: Timestamp?, keeping: Int?, limit: Int) async throws -> Int {
        let expired = try await store.expiredJobs(endedBefore: endedBefore, keeping: keeping, limit: limit)
        // A job that is being reopened has ended in the store until its first event is stored.
        let jobs = expired.filter { live[$0] == nil && !reopening.contains($0) }
        guard !jobs.isEmpty, !isStopped else { return 0 }
        pruning.formUnion(jobs)
        defer { pruning.subtract(jobs) }
        return try await store.prune(jobs)
    }

    /// Cancels a job. Returns when the cancellation is stored; has no effect on an ended job.
    func cancel(_ id: String) async throws -> JobStateResult {
        guard let runner = live[id] else { return JobStateResult(state: try await view(id).state) }
        await runner.submit(.cancelled)
        return JobStateResult(state: try await runner.read { $0.state })
    }

    /// An ended job with its events.
    struct EndedJob: Sendable {
        let history: JobHistory
        let machine: JobMachine

        var id: String { history.row.spec.jobID }
    }

    /// Reads an ended job that may be reopened. Runs outside the actor, because decoding a long job takes time.
    ///
    /// - Throws: `conflict` if the job is running or another job uses its session; `not_found`; `DamagedJob`.
    nonisolated func endedJob(_ id: String) async throws -> EndedJob {
        if let runner = await runner(of: id), await !runner.waitForRelease() { throw Self.running(id) }
        guard let history = try await store.history(of: id) else { throw ServiceError.unknownJob(id) }
        await waitForReleases(inSessionOf: history.row.spec)
        try await checkReopening(history.row.spec)
        return EndedJob(history: history, machine: JobRunner.fold(history.row, history.events))
    }

    /// Waits for jobs of a session that have ended, until they are released.
    private func waitForReleases(inSessionOf spec: JobSpec) async {
        while let other = schedule.occupant(of: spec.sessionID, user: spec.userID), let runner = live[other],
            await runner.waitForRelease()
        {}
    }

    private func checkReopening(_ spec: JobSpec) throws(ServiceError) {
        let id = spec.jobID
        guard live[id] == nil, !reopening.contains(id) else { throw Self.running(id) }
        guard !pruning.contains(id) else { throw .unknownJob(id) }
        if let other = schedule.occupant(of: spec.sessionID, user: spec.userID) {
            throw ServiceError(.conflict, "the job \(other) uses the same session: wait until it has ended")
        }
    }

    /// Leases an ended job, applies events to it, and schedules its new run.
    ///
    /// - Returns: `nil` if the job has changed since it was read; nothing was done.
    /// - Throws: `conflict` if the job is running or another job uses its session.
    func reopen(_ job: EndedJob, _ events: [JobEvent]) async throws -> JobStateResult? {
        let id = job.id
        try checkReopening(job.history.row.spec)
        reopening.insert(id)
        defer { reopening.remove(id) }
        let count = job.history.events.count
        guard let lease = try await store.lease(id, eventCount: count, for: holder, at: .now) else { return nil }
        let runner = makeRunner(job.history, job.machine, lease)
        live[id] = runner
        // A job that another version could not read is still running according to its events: it continues at once.
        let isMidway = job.machine.state == .running
        if isMidway { schedule.resume(Self.ticket(job.history.row.spec)) }
        await runner.submit(events)
        if !isMidway { schedule.add(Self.ticket(job.history.row.spec)) }
        await runNext()
        return JobStateResult(state: try await runner.read { $0.state })
    }

    /// Reads or changes a breaker. Requests for the breakers of image providers are forwarded to `imagegen`.
    ///
    /// - Throws: `invalid_params` for an unknown breaker; `unavailable` if `imagegen` is needed and not running.
    func breaker(_ request: BreakerRequest) async throws -> BreakerView {
        var known = Breakers.agents
        let action = request.action ?? .get
        if request.agent.hasPrefix(BreakerView.imagePrefix) {
            let provider = String(request.agent.dropFirst(BreakerView.imagePrefix.count))
            let providers = await services.imageProviders()
            // Without a list of providers, the call itself reports why.
            if providers.isEmpty || providers.contains(provider) {
                return try await services.imageBreaker(provider, action)
            }
            known += providers.map { BreakerView.imagePrefix + $0 }.sorted()
        }
        guard known.contains(request.agent) else {
            let names = known.joined(separator: ", ")
            throw ServiceError.invalidParams(
                at: "/agent",
                expected: "one of \(names), or imagegen/ and a provider's name, found \"\(request.agent.prefix(100))\"")
        }
        return await breakers.apply(action, to: request.agent)
    }

    /// The views of all live jobs, or of one job, with the `seq` from which to watch.
    nonisolated func snapshot(jobID: String?) async throws -> WatchSnapshot {
        // Read `seq` first, so that a message that arrives meanwhile is repeated rather than missed.
        let seq = try await store.lastSeq()
        if let jobID { return WatchSnapshot(seq: seq, jobs: [try await view(jobID)]) }
        var views: [JobView] = []
        for id in await liveJobs {
            try Task.checkCancellation()
            views.append(try await view(id))
        }
        return WatchSnapshot(seq: seq, jobs: views)
    }

    /// The next status messages after `seq`, at most 500.
    ///
    /// - Parameter jobID: only messages of this job; `nil` for all.
    nonisolated func messages(after seq: Int, jobID: String?) async throws -> [StatusMessage] {
        try await store.messages(after: seq, jobID: jobID, limit: 500)
    }

    /// Stops all job runners and releases their leases. The jobs continue after the next start.
    ///
    /// - Parameter disconnect: closes the connections to services whose calls must not be cancelled.
    func stop(disconnect: @Sendable () async -> Void = {}) async {
        isStopped = true
        for runner in live.values { await runner.suspend() }
        await disconnect()
        for runner in live.values { await runner.stop() }
        // Other orchestrators and the next process need not wait for the leases to expire.
        try? await store.release(holder)
    }

    // MARK: -

    /// Starts all jobs whose turn has come.
    func runNext() async {
        while !isStopped, let job = schedule.next() { await live[job]?.run() }
    }

    func makeRunner(_ history: JobHistory, _ machine: JobMachine, _ lease: JobLease) -> JobRunner {
        let id = lease.job
        let user = history.row.spec.userID
        return JobRunner(
            machine: machine, eventCount: history.events.count, state: history.row.state, lease: lease,
            services: services,
            store: store, breakers: breakers, changeNotifier: changeNotifier, outageBounds: outageBounds,
            logger: logger,
            onEnd: { [weak self] in await self?.release(id, user) })
    }

    /// Releases the runner of a job that ended, and starts the next job.
    private func release(_ id: String, _ user: String) async {
        live[id] = nil
        schedule.remove(id, of: user)
        await runNext()
    }

    /// Folds the events of a job that is not live. Stores its view and result if an earlier version did not store them.
    private nonisolated func folded(_ id: String) async throws -> JobMachine {
        guard let history = try await store.history(of: id) else { throw ServiceError.unknownJob(id) }
        let machine = JobRunner.fold(history.row, history.events)
        guard machine.state.isTerminal, machine.state == history.row.state else { return machine }
        do {
            try await store.storeResult(machine.view, JobResult(machine), of: id, eventCount: history.events.count)
        } catch {
            let reason = ServiceError(wrapping: error).message
            logger.warning("a job's result cannot be stored", metadata: ["job": "\(id)", "error": "\(reason)"])
        }
        return machine
    }

    private func machineState(_ row: JobRow) async throws -> JobState {
        if let runner = live[row.spec.jobID] { return try await runner.read { $0.state } }
        return row.state
    }

    private static func running(_ id: String) -> ServiceError {
        ServiceError(.conflict, "the job \(id) is still running: cancel it first")
    }

    static func ticket(_ spec: JobSpec) -> JobSchedule.Ticket {
        JobSchedule.Ticket(
            job: spec.jobID, user: spec.userID, session: spec.sessionID, priority: spec.options.priority ?? 0)
    }

    /// A unique job id that sorts by time: milliseconds and 64 random bits.
    private static func newID() -> String {
        let time = String(Timestamp.now.milliseconds, radix: 36)
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return "job-\(time)-\(random)"
    }
}
