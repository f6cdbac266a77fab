// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults

/// Durable storage of jobs, their events and their status messages. An event that is not in the journal has not happened.
///
/// Several orchestrators may share a journal. Each job has at most one leaseholder, which alone may write it: `add`, `lease` and
/// `claim` grant leases, each with a larger fencing number than the one before, and `append` rejects a number that is not the newest.
/// Every method is one transaction: it is complete and durable when it returns, or it throws and has no effect.
/// `JournalConformanceTests` checks an implementation.
///
/// Errors of the storage itself are thrown as `ServiceError` with the kind `unavailable`.
protocol JobJournal: Sendable {
    // MARK: - Leases

    /// Adds a queued job, leased to `holder`.
    ///
    /// - Parameters:
    ///   - spec: the specification of the job.
    ///   - now: when the job was created.
    ///   - key: the caller's idempotency key; `nil` for none.
    ///   - fingerprint: the fingerprint of the job's parameters (`SpecFormat.fingerprint`).
    ///   - holder: the leaseholder.
    /// - Returns: the new job and its lease, or the existing job of the key, unchanged.
    /// - Throws: `conflict` if the key belongs to other parameters; `DamagedJob` if its job cannot be read.
    func add(
        _ spec: JobSpec, at now: Timestamp, key: String?, fingerprint: String, for holder: Leaseholder
    ) async throws -> AddedJob

    /// Leases a job in any state. A holder that already has the job gets a new lease.
    ///
    /// - Parameter eventCount: the number of events that the holder has read.
    /// - Returns: `nil` if the job has another number of events; nothing was changed.
    /// - Throws: `conflict` if another holder has a lease that has not expired; `not_found` for an unknown job.
    func lease(_ job: String, eventCount: Int, for holder: Leaseholder, at now: Timestamp) async throws -> JobLease?

    /// Leases unfinished jobs without a valid lease, oldest first.
    ///
    /// - Parameter limit: the maximum number of jobs.
    func claim(for holder: Leaseholder, at now: Timestamp, limit: Int) async throws -> [JobLease]

    /// Extends all leases of a holder to its term from `now`, including expired ones that no other holder has taken.
    func renew(_ holder: Leaseholder, at now: Timestamp) async throws

    /// Ends all leases of a holder, so that other holders can claim its jobs at once.
    func release(_ holder: Leaseholder) async throws

    // MARK: - Writing

    /// Stores events with the status messages that they caused, and gives each message its `seq` (`StatusSequence`). The entry that ends a
    /// job also ends its lease.
    ///
    /// An entry that is already stored is not stored again: the commit may have succeeded although it was reported as failed.
    ///
    /// - Returns: the messages with their `seq`; none for an entry that was already stored.
    /// - Throws: `LeaseLost` if the fencing number is not the job's newest.
    func append(_ entry: JournalEntry) async throws -> [StatusMessage]

    /// Adds the view and result of an ended job for which an earlier version did not store them. Has no effect if the job has changed
    /// since.
    ///
    /// - Parameter eventCount: the number of events from which the result was made.
    func storeResult(_ view: JobView, _ result: JobResult, of job: String, eventCount: Int) async throws

    // MARK: - Reading

    /// Reads a job.
    ///
    /// - Returns: `nil` for an unknown job.
    /// - Throws: `DamagedJob`.
    func job(_ id: String) async throws -> JobRow?

    /// Reads the job of an idempotency key.
    ///
    /// - Returns: `nil` for an unknown key.
    /// - Throws: `conflict` if the key belongs to other parameters; `DamagedJob`.
    func job(key: String, fingerprint: String) async throws -> JobRow?

    /// Reads a job with all its events, in one transaction.
    ///
    /// - Returns: `nil` for an unknown job.
    /// - Throws: `DamagedJob`.
    func history(of id: String) async throws -> JobHistory?

    /// - Returns: the stored view of an ended job; `nil` if none is stored.
    func finalView(of id: String) async throws -> JobView?

    /// - Returns: the stored result of an ended job; `nil` if none is stored.
    func result(of id: String) async throws -> JobResult?

    /// A page of jobs, newest first.
    ///
    /// - Parameters:
    ///   - state: only jobs in this state; `nil` for all.
    ///   - limit: the maximum number of jobs. There are fewer, but at least one, if their stored views together exceed `maximumBytes`.
    ///   - after: only jobs older than this one.
    /// - Throws: `not_found` if `after` is unknown.
    func jobs(state: JobState?, limit: Int, after: String?, maximumBytes: Int) async throws -> JobPage

    /// - Returns: the number of jobs by state.
    func counts() async throws -> [String: Int]

    /// Status messages after `seq`, in order. Messages that cannot be read are omitted.
    ///
    /// - Parameter jobID: only messages of this job; `nil` for all.
    func messages(after seq: Int, jobID: String?, limit: Int) async throws -> [StatusMessage]

    /// - Returns: the `seq` of the newest message; 0 if there is none.
    func lastSeq() async throws -> Int

    // MARK: - Retention

    /// The oldest ended jobs that exceed a bound.
    ///
    /// - Parameters:
    ///   - endedBefore: jobs whose last event is older exceed the age bound; `nil` for no bound.
    ///   - keeping: the number of ended jobs to keep; `nil` for no bound.
    ///   - limit: the maximum number of returned jobs.
    func expiredJobs(endedBefore: Timestamp?, keeping: Int?, limit: Int) async throws -> [String]

    /// Deletes ended jobs and their idempotency keys: no method returns them from then on. `sweep` reclaims their space.
    ///
    /// - Returns: the number of deleted jobs: the first ones, as many as fit into a short transaction.
    func prune(_ jobs: [String]) async throws -> Int

    /// Removes some remaining data of pruned jobs, in a short transaction.
    ///
    /// - Returns: `false` if there is nothing left to remove.
    func sweep() async throws -> Bool
}

extension ServiceError {
    /// The error for a job that never existed or was pruned.
    static func unknownJob(_ id: String) -> ServiceError {
        ServiceError(.notFound, "there is no job \"\(id.prefix(100))\"; orchestrator.list names the stored jobs")
    }
}

/// Durable storage of the breakers' states.
protocol BreakerRecords: Sendable {
    /// - Returns: the stored breakers by name. A breaker that cannot be read is omitted, so that it starts closed.
    func breakers() throws -> [String: BreakerMachine]

    /// Stores a breaker with the next commit, without waiting for it.
    ///
    /// - Parameter onFailure: called if that commit fails.
    func saveBreaker(_ breaker: BreakerMachine, name: String, onFailure: @escaping @Sendable (any Error) -> Void) throws

    /// Removes a breaker.
    func removeBreaker(_ name: String) async throws

    /// Waits until everything that was saved before is durable.
    func flush() async throws
}

/// Durable storage of the times that the lead took for good films.
protocol LeadTimeRecords: Sendable {
    /// Stores a time in seconds.
    func recordLeadTime(_ seconds: Double) async throws

    /// A quantile of the times of the lead's last 200 films, in seconds.
    ///
    /// - Parameters:
    ///   - quantile: 0 to 1.
    ///   - atLeast: the minimum number of stored times.
    /// - Returns: `nil` if there are fewer.
    func leadTime(quantile: Double, atLeast: Int) async throws -> Double?
}
