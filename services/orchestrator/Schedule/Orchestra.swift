import Breaker
import Calls
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSON
import Logging
import Parameters

/// All jobs: starts them in their turn, finds them, lets go of them.
actor Orchestra {
    nonisolated let store: any JobJournal & LeadTimeRecords
    /// Leases the jobs that run here.
    private let holder: Leaseholder
    private let studio: any Studio
    private let patience: StoreHold.Patience
    private let logger: Logger
    nonisolated let breakers: Breakers
    nonisolated let bulletin = Bulletin()
    /// Jobs that are not at their end.
    private var live: [String: JobRunner] = [:]
    private var schedule: JobSchedule
    /// Sessions of jobs that are about to be stored.
    private var reserved: Set<String> = []
    private var isStopped = false
    /// Jobs that are being taken up again.
    private var returning: Set<String> = []
    /// Jobs that are being pruned.
    private var leaving: Set<String> = []

    /// - Parameters:
    ///   - patience: with an artifact store that is full or away.
    ///   - maximumRunning: jobs that run at a time.
    ///   - holder: leases jobs for this orchestrator.
    init(
        store: any JobJournal & LeadTimeRecords, studio: any Studio, breakers: Breakers,
        patience: StoreHold.Patience = .init(), maximumRunning: Int = 16, holder: Leaseholder = .unique(),
        logger: Logger
    ) {
        self.store = store
        self.holder = holder
        self.studio = studio
        self.breakers = breakers
        self.patience = patience
        schedule = JobSchedule(limit: maximumRunning)
        self.logger = logger
    }

    /// Jobs that are claimed in one transaction.
    private static let claimBatch = 100

    /// Goes on with what was not finished when the process ended. A job whose journal cannot be read ends with an error that names the
    /// row; the row stays, and no other job waits for it.
    func resume() async throws {
        var rows: [JobRow] = []
        while true {
            let leases = try await store.claim(for: holder, at: .now, limit: Self.claimBatch)
            if leases.isEmpty { break }
            for lease in leases {
                do {
                    guard let history = try await store.history(of: lease.job) else { continue }
                    live[lease.job] = makeRunner(history, JobRunner.fold(history.row, history.events), lease)
                    rows.append(history.row)
                } catch let error as DamagedJob {
                    await conclude(error, lease)
                }
            }
        }
        await breakers.keepProbes(of: Set(live.keys))
        for row in rows {
            logger.info("resuming", metadata: ["job": "\(row.spec.jobID)", "state": "\(row.state.rawValue)"])
            // What has begun has the first claim on its session's folder.
            row.state == .running ? schedule.goOn(Self.ticket(row.spec)) : schedule.add(Self.ticket(row.spec))
        }
        for row in rows where row.state == .running { await live[row.spec.jobID]?.run() }
        await runNext()
    }

    /// Ends a job that cannot be read.
    private func conclude(_ job: DamagedJob, _ lease: JobLease) async {
        logger.error("\(job.serviceError.message)")
        let entry = JournalEntry(
            spec: job.spec, fence: lease.fence, number: 0, events: [], at: .now, drafts: [job.message], state: .error,
            view: job.view)
        do {
            bulletin.post(try await store.append(entry))
        } catch {
            let reason = ServiceError(wrapping: error).message
            logger.error("a job cannot be ended", metadata: ["job": "\(lease.job)", "error": "\(reason)"])
        }
    }

    /// Renews the leases of the jobs that run here, until the task is cancelled.
    func keepLeases() async {
        while !Task.isCancelled {
            // trusted: a third of a term of our own
            try? await Task.sleep(for: .seconds(holder.term / 3))
            guard !Task.isCancelled, !live.isEmpty else { continue }
            do {
                try await store.renew(holder, at: .now)
            } catch {
                let reason = ServiceError(wrapping: error).message
                logger.warning("leases cannot be renewed", metadata: ["error": "\(reason)"])
            }
        }
    }

    func start(_ request: StartJob, options: JobOptions, entry: JobSpec.Entry) async throws -> StartedJob {
        if isStopped { throw ServiceError(.busy, "this replica is stopping") }
        let spec = JobSpec(
            jobID: Self.newID(), userID: request.userID, sessionID: request.sessionID,
            supersessionID: request.supersessionID, entry: entry, options: options, pipelineData: request.pipelineData,
            isConfined: Self.isConfined(request))
        try studio.check(spec)
        let fingerprint = try SpecFormat.fingerprint(spec)
        if let key = request.idempotencyKey, let known = try await store.job(key: key, fingerprint: fingerprint) {
            return StartedJob(jobID: known.spec.jobID, state: try await machineState(known), existing: true)
        }
        let folder = Self.ticket(spec).folder
        try refuseBusy(spec, folder)
        reserved.insert(folder)
        defer { reserved.remove(folder) }
        let added = try await store.add(
            spec, at: .now, key: request.idempotencyKey, fingerprint: fingerprint, for: holder)
        switch added {
        case .existing(let known):
            return StartedJob(jobID: known.spec.jobID, state: try await machineState(known), existing: true)
        case .new(let row, let lease):
            let history = JobHistory(row: row, events: [])
            live[spec.jobID] = makeRunner(history, JobRunner.fold(row, []), lease)
            schedule.add(Self.ticket(spec))
            await runNext()
            return StartedJob(jobID: spec.jobID, state: try await machineState(row), existing: false)
        }
    }

    /// Whether the artifacts that a call names are confined: it comes by the page, or from a process of another user.
    static func isConfined(_ request: StartJob) -> Bool? {
        let isOther = CallContext.peer.map { $0.uid != getuid() } ?? false
        return request.confined == true || isOther ? true : nil
    }

    /// - Throws: `conflict` for a job that does not want to wait for its session.
    private func refuseBusy(_ spec: JobSpec, _ folder: String) throws(ServiceError) {
        guard spec.options.whenBusy == .refuse else { return }
        let other = schedule.occupant(of: spec.sessionID, user: spec.userID)
        guard other != nil || reserved.contains(folder) else { return }
        throw ServiceError(
            .conflict, "\(other.map { "the job \($0)" } ?? "another job") has the session \(folder): wait for its end")
    }

    /// Reads past jobs outside the actor: the journal of a long job takes a while to decode.
    nonisolated func view(_ id: String) async throws -> JobView {
        if let runner = await runner(of: id) { return try await runner.read { $0.view } }
        if let view = try await store.finalView(of: id) { return view }
        do {
            return try await past(id).view
        } catch let error as DamagedJob {
            return error.view
        }
    }

    private func runner(of id: String) -> JobRunner? { live[id] }

    private var liveJobs: [String] { live.keys.sorted() }

    /// A job as it is shown to one who asked for it alone.
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
            return try await past(id).guidance
        } catch is DamagedJob {
            return nil
        }
    }

    /// - Throws: `DamagedJob` for a job of which neither a receipt nor all events can be read.
    nonisolated func receipt(_ id: String) async throws -> Receipt {
        if let runner = await runner(of: id) { return try await runner.read { $0.receipt } }
        if let result = try await store.result(of: id) { return result.receipt }
        return try await past(id).receipt
    }

    /// Bytes of JSON that a page of the list has at most, unless its only job is larger.
    static let pageBytes = 2 * 1024 * 1024

    /// A page of jobs, newest first; it has fewer than `limit` where they are large, and `next` then names its last.
    nonisolated func list(_ request: ListJobs, pageBytes: Int = Orchestra.pageBytes) async throws -> JobList {
        try request.check()
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

    /// Forgets the oldest jobs at their end that exceed a bound.
    ///
    /// - Returns: how many; at most `limit`.
    func prune(endedBefore: Timestamp?, keeping: Int?, limit: Int) async throws -> Int {
        let expired = try await store.expiredJobs(endedBefore: endedBefore, keeping: keeping, limit: limit)
        // A job that is being retried is at its end in the store until its first event is stored.
        let jobs = expired.filter { live[$0] == nil && !returning.contains($0) }
        guard !jobs.isEmpty, !isStopped else { return 0 }
        leaving.formUnion(jobs)
        defer { leaving.subtract(jobs) }
        return try await store.prune(jobs)
    }

    func cancel(_ id: String) async throws -> JobStateResult {
        guard let runner = live[id] else { return JobStateResult(state: try await view(id).state) }
        await runner.feed(.cancelled)
        return JobStateResult(state: try await runner.read { $0.state })
    }

    /// A job at its end, as it was read.
    struct Rest: Sendable {
        let history: JobHistory
        let machine: JobMachine

        var id: String { history.row.spec.jobID }
    }

    /// Reads a job that is at its end, in a session that no other job writes; outside the actor, since a long job takes a while.
    ///
    /// - Throws: `conflict` where that is not so; `DamagedJob`.
    nonisolated func atRest(_ id: String) async throws -> Rest {
        if await runner(of: id) != nil { throw Self.running(id) }
        guard let history = try await store.history(of: id) else { throw ServiceError.unknownJob(id) }
        try await refuseBusy(history.row.spec)
        return Rest(history: history, machine: JobRunner.fold(history.row, history.events))
    }

    private func refuseBusy(_ spec: JobSpec) throws(ServiceError) {
        let id = spec.jobID
        guard live[id] == nil, !returning.contains(id) else { throw Self.running(id) }
        guard !leaving.contains(id) else { throw .unknownJob(id) }
        if let other = schedule.occupant(of: spec.sessionID, user: spec.userID) {
            throw ServiceError(.conflict, "the job \(other) writes the same session's folder: wait for its end")
        }
    }

    /// Takes a job up again with events from outside, and lets it wait for its turn.
    ///
    /// - Returns: `nil` if the job has gone on since it was read: nothing was done.
    /// - Throws: `conflict` where it runs, or another job has its session.
    func again(_ rest: Rest, _ events: [JobEvent]) async throws -> JobStateResult? {
        let id = rest.id
        try refuseBusy(rest.history.row.spec)
        returning.insert(id)
        defer { returning.remove(id) }
        let count = rest.history.events.count
        guard let lease = try await store.lease(id, eventCount: count, for: holder, at: .now) else { return nil }
        let runner = makeRunner(rest.history, rest.machine, lease)
        live[id] = runner
        // A job that an earlier version could not read goes on where it was, before its turn.
        let isMidway = rest.machine.state == .running
        if isMidway { schedule.goOn(Self.ticket(rest.history.row.spec)) }
        await runner.feed(events)
        if !isMidway { schedule.add(Self.ticket(rest.history.row.spec)) }
        await runNext()
        return JobStateResult(state: try await runner.read { $0.state })
    }

    /// Looks at a breaker, or moves it.
    ///
    /// Those of image providers are `imagegen`'s.
    ///
    /// - Throws: `invalid_params` for an agent that has none; `unavailable` where it is `imagegen`'s, and that does not run.
    func breaker(_ request: BreakerRequest) async throws -> BreakerView {
        var known = Breakers.agents
        let action = request.action ?? .get
        if request.agent.hasPrefix(BreakerView.imagePrefix) {
            let provider = String(request.agent.dropFirst(BreakerView.imagePrefix.count))
            let providers = await studio.imageProviders()
            // Where nobody lists the providers, the call says why.
            if providers.isEmpty || providers.contains(provider) {
                return try await studio.imageBreaker(provider, action)
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

    /// A picture of all that runs, or of one job.
    nonisolated func snapshot(jobID: String?) async throws -> WatchSnapshot {
        // The number first: what comes meanwhile is in the picture and comes again, rather than not at all.
        let seq = try await store.lastSeq()
        if let jobID { return WatchSnapshot(seq: seq, jobs: [try await view(jobID)]) }
        var views: [JobView] = []
        for id in await liveJobs {
            try Task.checkCancellation()
            views.append(try await view(id))
        }
        return WatchSnapshot(seq: seq, jobs: views)
    }

    nonisolated func messages(after seq: Int, jobID: String?) async throws -> [StatusMessage] {
        try await store.messages(after: seq, jobID: jobID, limit: 500)
    }

    /// Lets all jobs go; they are taken up again at the next start.
    ///
    /// - Parameter hangUp: closes the connections to services whose work shall go on until then.
    func stop(hangUp: @Sendable () async -> Void = {}) async {
        isStopped = true
        for runner in live.values { await runner.hold() }
        await hangUp()
        for runner in live.values { await runner.stop() }
        // Others, or the next process, need not wait for the leases to expire.
        try? await store.release(holder)
    }

    // MARK: -

    /// Starts whoever's turn it is.
    private func runNext() async {
        while !isStopped, let job = schedule.next() { await live[job]?.run() }
    }

    private func makeRunner(_ history: JobHistory, _ machine: JobMachine, _ lease: JobLease) -> JobRunner {
        let id = lease.job
        let user = history.row.spec.userID
        return JobRunner(
            machine: machine, eventCount: history.events.count, state: history.row.state, lease: lease, studio: studio,
            store: store, breakers: breakers, bulletin: bulletin, patience: patience, logger: logger,
            ended: { [weak self] in await self?.leave(id, user) })
    }

    private func leave(_ id: String, _ user: String) async {
        live[id] = nil
        schedule.remove(id, of: user)
        await runNext()
    }

    /// A job that does not run here, folded. What is shown of one at its end is stored, if an earlier version did not do so.
    private nonisolated func past(_ id: String) async throws -> JobMachine {
        guard let history = try await store.history(of: id) else { throw ServiceError.unknownJob(id) }
        let machine = JobRunner.fold(history.row, history.events)
        guard machine.state.isTerminal, machine.state == history.row.state else { return machine }
        do {
            try await store.keep(machine.view, JobResult(machine), of: id, eventCount: history.events.count)
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

    private static func ticket(_ spec: JobSpec) -> JobSchedule.Ticket {
        JobSchedule.Ticket(
            job: spec.jobID, user: spec.userID, session: spec.sessionID, priority: spec.options.priority ?? 0)
    }

    /// Sorts by time, and is unique: milliseconds and 64 random bits.
    private static func newID() -> String {
        let time = String(Timestamp.now.milliseconds, radix: 36)
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return "job-\(time)-\(random)"
    }
}
