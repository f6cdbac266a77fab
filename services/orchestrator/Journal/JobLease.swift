import Contracts
import Faults
import FoundationEssentials
import Glibc

/// An orchestrator that leases jobs.
struct Leaseholder: Sendable, Equatable {
    /// Unique among all processes that share the journal, restarts included.
    let id: String
    /// Seconds that a lease lasts unless it is renewed.
    var term: Double = 60

    /// A holder for this process.
    static func unique() -> Leaseholder {
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return Leaseholder(id: "\(ProcessInfo.processInfo.hostName)/\(getpid())/\(random)")
    }

    func expiry(from now: Timestamp) -> Timestamp { now.adding(seconds: term) }
}

/// The right to write a job.
struct JobLease: Sendable, Equatable {
    let job: String
    /// Grows with each lease of the job.
    let fence: Int64
}

/// What became of a job that was to be added.
enum AddedJob: Sendable {
    case new(JobRow, JobLease)
    /// The job of its idempotency key.
    case existing(JobRow)
}

/// A write of a holder that no longer has its job's lease: another one has taken the job over.
struct LostLease: ServiceErrorConvertible {
    let job: String

    var serviceError: ServiceError {
        ServiceError(
            .conflict, "another orchestrator has taken over the job \(job): ask it for the job's state",
            retryable: false)
    }
}
