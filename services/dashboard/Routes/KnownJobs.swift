import Contracts
import ServicePool
import Synchronization

/// Jobs as they were a moment ago: a player asks for many ranges of one film, and the orchestrator need not be asked for each.
final class KnownJobs: Sendable {
    private static let age = Duration.seconds(1)
    private static let kept = 64

    private struct Known {
        var job: JobView
        var at: ContinuousClock.Instant
    }

    private let pools: ServicePools
    private let known = Mutex<[String: Known]>([:])

    init(_ pools: ServicePools) {
        self.pools = pools
    }

    /// A job as it was within the last second, where it was asked for.
    func recent(_ id: String) -> JobView? {
        known.withLock { $0[id] }.flatMap { $0.at > .now - Self.age ? $0.job : nil }
    }

    /// A job as it is.
    ///
    /// - Throws: what `orchestrator.status` throws.
    func job(_ id: String) async throws -> JobView {
        let job = try await pools.call(OrchestratorAPI.status, JobStatus(jobID: id, guidance: false))
        known.withLock { known in
            if known.count >= Self.kept { known = known.filter { $0.value.at > .now - Self.age } }
            // As many as are looked at in one second, and no more.
            if known.count < Self.kept { known[id] = Known(job: job, at: .now) }
        }
        return job
    }
}
