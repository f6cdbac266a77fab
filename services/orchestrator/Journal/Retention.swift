import Contracts
import Faults
import Logging
import ServiceKit
import Untrusted

/// How long jobs that are at their end stay in the job store.
struct Retention: Sendable {
    /// `UNDERSTUDY_KEEP_JOBS_DAYS`: days after a job's last event; `nil` for ever.
    var days: Double? = 90
    /// `UNDERSTUDY_KEEP_JOBS`: how many jobs; `nil` for any number.
    var count: Int? = 10_000

    /// Jobs that are forgotten in one transaction.
    private static let batch = 20
    /// Between two looks for jobs that are too old or too many.
    private static let interval = Duration.seconds(10)
    /// Between two steps, in which commits of running jobs go first.
    private static let pause = Duration.milliseconds(20)

    init(days: Double? = 90, count: Int? = 10_000) {
        self.days = days
        self.count = count
    }

    /// - Throws: `invalid_params` that names the variable and what it may be.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        let days = try settings.double("UNDERSTUDY_KEEP_JOBS_DAYS", default: 90, in: 0...36_500)
        let count = try settings.int("UNDERSTUDY_KEEP_JOBS", default: 10_000, in: 0...1_000_000_000)
        self.init(days: days == 0 ? nil : days, count: count == 0 ? nil : count)
    }

    /// Prunes now and then, until the task is cancelled.
    func run(_ orchestra: Orchestra, _ logger: Logger) async {
        while !Task.isCancelled {
            do {
                let pruned = try await prune(orchestra)
                if pruned > 0 { logger.info("pruned jobs", metadata: ["count": "\(pruned)"]) }
            } catch  where !Task.isCancelled {
                logger.warning("jobs cannot be pruned", metadata: ["error": "\(ServiceError(wrapping: error).message)"])
            } catch {
                return
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Prunes all that exceeds a bound now.
    ///
    /// - Returns: how many jobs.
    func prune(_ orchestra: Orchestra, at now: Timestamp = .now) async throws -> Int {
        var count = 0
        let oldest = days.map { Timestamp(milliseconds: now.milliseconds - Int64(clamping: $0 * 86_400_000)) }
        while true {
            let pruned = try await orchestra.prune(endedBefore: oldest, keeping: self.count, limit: Self.batch)
            count += pruned
            if pruned == 0 { break }
            try await Task.sleep(for: Self.pause)
        }
        while try await orchestra.store.sweep() { try await Task.sleep(for: Self.pause) }
        return count
    }
}
