// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// Decides whether a failed call of the lead is retried or leads to the takeover by the understudy. Pure.
///
/// A delivery that fails its check, an empty delivery and an open breaker always lead to the takeover (`LeadMachine.apply`,
/// `LeadMachine.check`). `JobMachine.takeOver` performs it.
enum TakeoverDecision: Sendable, Equatable {
    /// Call the lead again at once.
    case retry
    /// Call the lead again after the time that its rate limit requires.
    case wait(seconds: Double)
    /// Start the understudy.
    case takeOver

    /// The maximum number of calls of the lead for a film or an upgrade.
    static let maximumAttempts = 3

    /// Decides about a failed call.
    ///
    /// One retry if the lead was unavailable (refused, reset, HTTP 5xx) or busy. A rate limit is waited for if the wait ends before the
    /// deadline. All other errors lead to the takeover, as do errors that are not retryable and calls that cost, or may have cost, money.
    ///
    /// - Parameters:
    ///   - error: the error of the call.
    ///   - attempts: the calls so far, including the failed one.
    ///   - start: when the lead's run began.
    ///   - timeout: the seconds from `start` to the lead's deadline.
    ///   - now: when the call failed.
    init(after error: ServiceError, attempts: Int, start: Timestamp, timeout: Double, at now: Timestamp) {
        guard error.retryable, error.wasted == .zero, error.unknown == .zero else {
            self = .takeOver
            return
        }
        switch error.kind {
        case .unavailable where attempts < 2, .busy where attempts < 2:
            self = .retry
        case .rateLimited where attempts < Self.maximumAttempts:
            if let seconds = error.retryAfter, Self.fits(seconds, start: start, timeout: timeout, at: now) {
                self = .wait(seconds: seconds)
            } else {
                self = .takeOver
            }
        default:
            self = .takeOver
        }
    }

    private static func fits(_ seconds: Double, start: Timestamp, timeout: Double, at now: Timestamp) -> Bool {
        guard seconds.isFinite, seconds >= 0 else { return false }
        // trusted: a bounded option
        let deadline = start.milliseconds + Int64(timeout * 1000)
        // trusted: bounded, and not NaN as was checked
        return now.milliseconds + Int64(min(seconds, 1e9) * 1000) < deadline
    }
}
