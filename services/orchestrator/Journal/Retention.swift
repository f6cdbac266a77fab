// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Logging
import ServiceKit
import Untrusted

/// How long ended jobs are kept in the job store.
struct Retention: Sendable {
    /// `UNDERSTUDY_KEEP_JOBS_DAYS`: days after a job's last event; `nil` for no bound.
    var days: Double? = 90
    /// `UNDERSTUDY_KEEP_JOBS`: the number of ended jobs; `nil` for no bound.
    var count: Int? = 10_000

    /// The maximum number of jobs deleted in one transaction.
    private static let batch = 20
    /// The interval between two checks for jobs to delete.
    private static let interval = Duration.seconds(10)
    /// The pause between two transactions, so that commits of running jobs are not delayed.
    private static let pause = Duration.milliseconds(20)

    init(days: Double? = 90, count: Int? = 10_000) {
        self.days = days
        self.count = count
    }

    /// Reads the bounds from the environment; 0 removes a bound.
    ///
    /// - Throws: `invalid_params` with the variable and its range.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        let days = try settings.double("UNDERSTUDY_KEEP_JOBS_DAYS", default: 90, in: 0...36_500)
        let count = try settings.int("UNDERSTUDY_KEEP_JOBS", default: 10_000, in: 0...1_000_000_000)
        self.init(days: days == 0 ? nil : days, count: count == 0 ? nil : count)
    }

    /// Prunes at regular intervals until the task is cancelled.
    func run(_ registry: JobRegistry, _ logger: Logger) async {
        while !Task.isCancelled {
            do {
                let pruned = try await prune(registry)
                if pruned > 0 { logger.info("pruned jobs", metadata: ["count": "\(pruned)"]) }
            } catch  where !Task.isCancelled {
                logger.warning("jobs cannot be pruned", metadata: ["error": "\(ServiceError(wrapping: error).message)"])
            } catch {
                return
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Prunes all jobs that exceed a bound.
    ///
    /// - Returns: the number of deleted jobs.
    func prune(_ registry: JobRegistry, at now: Timestamp = .now) async throws -> Int {
        var count = 0
        let oldest = days.map { Timestamp(milliseconds: now.milliseconds - Int64(clamping: $0 * 86_400_000)) }
        while true {
            let pruned = try await registry.prune(endedBefore: oldest, keeping: self.count, limit: Self.batch)
            count += pruned
            if pruned == 0 { break }
            try await Task.sleep(for: Self.pause)
        }
        while try await registry.store.sweep() { try await Task.sleep(for: Self.pause) }
        return count
    }
}
