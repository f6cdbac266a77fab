import Breaker
import Contracts
import Faults

/// Jobs, their events and their status messages. What is not in the journal has not happened.
///
/// Several orchestrators may share a journal. Each job has at most one leaseholder, which alone may write it: `add`, `lease` and `claim`
/// hand out leases, each with a larger fencing number than the one before, and `append` refuses a number that is no longer the
/// newest. Every method is one transaction: it happens as a whole and is durable when it returns, or it throws and nothing has
/// happened. `JournalConformanceTests` checks an implementation.
///
/// Failures of the store itself are thrown as `ServiceError` with the kind `unavailable`.
protocol JobJournal: Sendable {
    // MARK: - Leases

    /// Adds a queued job, leased to `holder`.
    ///
    /// - Parameters:
    ///   - key: the caller's idempotency key, if any.
    ///   - fingerprint: of the parameters that the key stands for.
    /// - Returns: the lease of the new job; or the job of that key, of which nothing is changed.
    /// - Throws: `conflict` if the key stands for other parameters; `DamagedJob` if its job cannot be read.
    func add(
        _ spec: JobSpec, at now: Timestamp, key: String?, fingerprint: String, for holder: Leaseholder
    ) async throws -> AddedJob

    /// Leases a job, whatever its state. A holder that has the job already gets a new lease in place of the old one.
    ///
    /// - Parameter eventCount: how many events the job has, as far as the holder knows.
    /// - Returns: `nil` if the job has another number of events: nothing was changed.
    /// - Throws: `conflict` if another holder has a lease that has not expired; `not_found` for an unknown job.
    func lease(_ job: String, eventCount: Int, for holder: Leaseholder, at now: Timestamp) async throws -> JobLease?

    /// Leases jobs that are not at their end and that no one holds, oldest first.
    ///
    /// - Parameter limit: jobs at most.
    func claim(for holder: Leaseholder, at now: Timestamp, limit: Int) async throws -> [JobLease]

    /// Extends all leases of a holder by its term from `now` on. A lease that expired and that no one else took counts too.
    func renew(_ holder: Leaseholder, at now: Timestamp) async throws

    /// Ends all leases of a holder, so that others can claim its jobs at once.
    func release(_ holder: Leaseholder) async throws

    // MARK: - Writing

    /// Stores events with the messages that they caused. A lease ends with the entry that ends its job.
    ///
    /// An entry that is there already, since the failure of its commit came too late to undo it, is not stored again.
    ///
    /// - Returns: the messages with their numbers; none for an entry that was there already.
    /// - Throws: `LostLease` for a fencing number that is not the job's newest.
    func append(_ entry: JournalEntry) async throws -> [StatusMessage]

    /// Stores how a job ended of which an earlier version stored less; nothing happens if the job has gone on since.
    ///
    /// - Parameter eventCount: the job's events when the result was made.
    func keep(_ view: JobView, _ result: JobResult, of job: String, eventCount: Int) async throws

    // MARK: - Reading

    /// - Returns: `nil` for an unknown job.
    /// - Throws: `DamagedJob`.
    func job(_ id: String) async throws -> JobRow?

    /// - Returns: `nil` for an unknown idempotency key.
    /// - Throws: `conflict` if it stands for other parameters; `DamagedJob`.
    func job(key: String, fingerprint: String) async throws -> JobRow?

    /// A job with all its events, as of one moment.
    ///
    /// - Returns: `nil` for an unknown job.
    /// - Throws: `DamagedJob`.
    func history(of id: String) async throws -> JobHistory?

    /// - Returns: the view of a job at its end; `nil` for another job, and if none is stored.
    func finalView(of id: String) async throws -> JobView?

    /// - Returns: the result of a job at its end; `nil` for another job, and if none is stored.
    func result(of id: String) async throws -> JobResult?

    /// A page of jobs, newest first.
    ///
    /// - Parameters:
    ///   - limit: jobs on the page at most; fewer if their stored views exceed `maximumBytes` together, but at least one.
    ///   - after: only jobs older than this one.
    /// - Throws: `not_found` if `after` is unknown.
    func jobs(state: JobState?, limit: Int, after: String?, maximumBytes: Int) async throws -> JobPage

    /// - Returns: how many jobs there are, by state.
    func counts() async throws -> [String: Int]

    /// Status messages after a number, in order; one that cannot be read is left out.
    func messages(after seq: Int, jobID: String?, limit: Int) async throws -> [StatusMessage]

    /// - Returns: the number of the newest message; 0 if there is none.
    func lastSeq() async throws -> Int

    // MARK: - Retention

    /// The oldest jobs at their end that exceed a bound.
    ///
    /// - Parameters:
    ///   - endedBefore: jobs whose last event is older exceed their age; `nil` for no bound.
    ///   - keeping: how many jobs at their end are kept; `nil` for no bound.
    ///   - limit: how many jobs are returned at most.
    func expiredJobs(endedBefore: Timestamp?, keeping: Int?, limit: Int) async throws -> [String]

    /// Forgets jobs that are at their end, with their idempotency keys: no method returns anything of them from then on. What they
    /// occupy is given back by `sweep`.
    ///
    /// - Returns: how many of the jobs were forgotten: the first ones, as many as a short transaction takes.
    func prune(_ jobs: [String]) async throws -> Int

    /// Removes some of what pruned jobs left behind, in a short transaction.
    ///
    /// - Returns: `false` if there is nothing left to remove.
    func sweep() async throws -> Bool
}

extension ServiceError {
    /// A job that was never there, or is no longer kept.
    static func unknownJob(_ id: String) -> ServiceError {
        ServiceError(.notFound, "there is no job \"\(id.prefix(100))\"; orchestrator.list names those that are kept")
    }
}

/// The states of breakers, which survive a restart.
protocol BreakerRecords: Sendable {
    /// - Returns: the breakers as they were kept; one that cannot be read is left out, and begins closed.
    func breakers() throws -> [String: BreakerMachine]

    /// Stores a breaker with the next commit.
    ///
    /// - Parameter failed: is called if that commit fails.
    func keep(_ breaker: BreakerMachine, name: String, failed: @escaping @Sendable (any Error) -> Void) throws

    /// Removes a breaker.
    func forgetBreaker(_ name: String) async throws

    /// Waits until everything that was kept before is durable.
    func settle() async throws
}

/// How long the lead took for good films.
protocol LeadTimeRecords: Sendable {
    /// Remembers a time in seconds.
    func keepLeadTime(_ seconds: Double) async throws

    /// How long the lead took for such a share of its last 200 films, in seconds.
    ///
    /// - Parameter atLeast: films that must be known.
    /// - Returns: `nil` if fewer are.
    func leadTime(quantile: Double, atLeast: Int) async throws -> Double?
}
