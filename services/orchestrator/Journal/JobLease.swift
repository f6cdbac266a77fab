// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import Glibc

/// An orchestrator process that leases jobs.
struct Leaseholder: Sendable, Equatable {
    /// Unique among all processes that share the journal, including earlier ones.
    let id: String
    /// The duration of a lease in seconds, unless it is renewed.
    var term: Double = 60

    /// A holder for this process.
    static func unique() -> Leaseholder {
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return Leaseholder(id: "\(ProcessInfo.processInfo.hostName)/\(getpid())/\(random)")
    }

    /// When a lease that is granted or renewed now expires.
    func expiry(from now: Timestamp) -> Timestamp { now.adding(seconds: term) }
}

/// The exclusive right to write a job.
struct JobLease: Sendable, Equatable {
    let job: String
    /// The fencing number, which grows with each lease of the job.
    let fence: Int64
}

/// The result of adding a job.
enum AddedJob: Sendable {
    case new(JobRow, JobLease)
    /// The existing job of the idempotency key.
    case existing(JobRow)
}

/// The error of a write without the job's newest lease: another orchestrator has taken the job over.
struct LeaseLost: ServiceErrorConvertible {
    let job: String

    var serviceError: ServiceError {
        ServiceError(
            .conflict, "another orchestrator has taken over the job \(job): query that orchestrator for its state",
            retryable: false)
    }
}
