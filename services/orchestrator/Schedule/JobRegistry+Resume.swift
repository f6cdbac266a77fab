// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Logging

// The jobs that this orchestrator takes over when it starts, and the leases that keep them its own.
extension JobRegistry {
    /// The maximum number of jobs claimed in one transaction.
    private static let claimBatch = 100

    /// Claims all unfinished jobs and continues them. A job whose journal cannot be read ends with an error that names the row; the row is
    /// kept, and other jobs are not affected.
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
                    await fail(error, lease)
                }
            }
        }
        await breakers.releaseProbes(except: Set(live.keys))
        for row in rows {
            logger.info("resuming", metadata: ["job": "\(row.spec.jobID)", "state": "\(row.state.rawValue)"])
            // Jobs that were running keep their session's folder.
            row.state == .running ? schedule.resume(Self.ticket(row.spec)) : schedule.add(Self.ticket(row.spec))
        }
        for row in rows where row.state == .running { await live[row.spec.jobID]?.run() }
        await runNext()
    }

    /// Ends a job that cannot be read with an error.
    private func fail(_ job: DamagedJob, _ lease: JobLease) async {
        logger.error("\(job.serviceError.message)")
        let entry = JournalEntry(
            spec: job.spec, fence: lease.fence, number: 0, events: [], at: .now, drafts: [job.message], state: .error,
            view: job.view)
        do {
            changeNotifier.notify(try await store.append(entry))
        } catch {
            let reason = ServiceError(wrapping: error).message
            logger.error("a job cannot be ended", metadata: ["job": "\(lease.job)", "error": "\(reason)"])
        }
    }

    /// Renews the leases of the live jobs until the task is cancelled.
    func renewLeases() async {
        while !Task.isCancelled {
            // trusted: a third of a constant
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
}
