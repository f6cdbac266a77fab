// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC

/// The timeouts of the lead's call: the deadline (`agent5_timeout_s`), the wait for a replica (`agent5_queue_s`), the first progress
/// (`agent5_first_progress_s`), and the stall timeout between two signs of life (`agent5_stall_s`). Pure: times are seconds since the job
/// first called the agent.
///
/// `LeadTimeoutMonitor` runs a call under these timeouts. The agents before the lead are called with the default `Bounds`.
struct LeadTimeouts: Sendable {
    /// The timeouts in seconds.
    struct Bounds: Sendable, Equatable {
        /// For all calls of a job together (`agent5_timeout_s`).
        var total = JobDefaults.agent5Timeout
        /// Until a replica takes the call (`agent5_queue_s`); `total` if absent.
        var queue: Double?
        /// From sending the call to the first progress (`agent5_first_progress_s`); `stall` if absent.
        var firstProgress: Double?
        /// Between one sign of life and the next: the stall timeout (`agent5_stall_s`).
        var stall = JobDefaults.agent5Stall
    }

    /// The state of the timeouts at a given time.
    enum Status: Equatable {
        /// No timeout can expire before `nextCheck`.
        case pending(nextCheck: Double)
        /// A timeout has expired: the error of the call.
        case expired(ServiceError)
    }

    let agent: Agent
    let bounds: Bounds
    private let calledAt: Double
    private var sentAt: Double?
    private var progressedAt: Double?

    /// - Parameters:
    ///   - agent: the agent that is called.
    ///   - bounds: the timeouts.
    ///   - calledAt: when this call began to wait for a replica.
    init(_ agent: Agent, _ bounds: Bounds, calledAt: Double = 0) {
        self.agent = agent
        self.bounds = bounds
        self.calledAt = calledAt
    }

    /// Records that the call was sent to a replica.
    mutating func sent(at now: Double) { sentAt = now }

    /// Records a sign of life of the agent.
    mutating func progressed(at now: Double) { progressedAt = now }

    /// Checks whether a timeout has expired.
    func status(at now: Double) -> Status {
        let (time, reason) = nearest
        if now >= time { return .expired(ServiceError(.timeout, "\(agent.name) \(reason)")) }
        // Activity in the meantime starts a timeout of one of these two, so none can expire earlier.
        return .pending(nextCheck: min(time, now + min(bounds.firstProgress ?? bounds.stall, bounds.stall)))
    }

    /// The timeout that expires first without further activity.
    private var nearest: (time: Double, reason: String) {
        let total = (bounds.total, "did not finish within \(text(bounds.total, "agent5_timeout_s"))")
        let stalled = "sent no progress for \(text(bounds.stall, "stall timeout, agent5_stall_s"))"
        let other: (Double, String)? =
            if let progressedAt {
                (progressedAt + bounds.stall, stalled)
            } else if let sentAt, let first = bounds.firstProgress {
                (sentAt + first, "sent no progress within the first \(text(first, "agent5_first_progress_s"))")
            } else if let sentAt {
                (sentAt + bounds.stall, stalled)
            } else {
                bounds.queue.map { (calledAt + $0, "had no free replica within \(text($0, "agent5_queue_s"))") }
            }
        guard let other, other.0 < total.0 else { return total }
        return other
    }

    /// `300 s (agent5_timeout_s)`; without the option for an agent before the lead, because no option sets its timeouts.
    private func text(_ seconds: Double, _ option: String) -> String {
        agent == .lead ? "\(Self.text(seconds)) (\(option))" : Self.text(seconds)
    }

    /// `300 s`, `0.05 s`.
    static func text(_ seconds: Double) -> String {
        // trusted: checked on the same line
        seconds == seconds.rounded() && abs(seconds) < 1e9 ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
