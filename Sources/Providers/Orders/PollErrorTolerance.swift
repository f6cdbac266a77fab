// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Decides when to give up an accepted order whose status requests are rejected with permanent errors.
///
/// Such errors can be temporary: servers answer 404 while they store an order, and 403 while a firewall blocks requests.
///
/// ```swift
/// var tolerance = PollErrorTolerance(seconds: 30)
/// do { report = try await status(of: id); tolerance.recordSuccess() }
/// catch { if tolerance.recordRejection() { throw error } }
/// ```
package struct PollErrorTolerance: Sendable {
    /// The default tolerance, in seconds.
    package static let defaultSeconds = 30.0

    private let maximum: Duration
    private var since: ContinuousClock.Instant?
    private var count = 0

    /// - Parameter seconds: The time from the first to the last of the rejections in a row; negative values and NaN count as 0.
    package init(seconds: Double) { maximum = .clamping(seconds: seconds) }

    /// Records a status request that was answered, or that failed with a retryable error.
    package mutating func recordSuccess() { (since, count) = (nil, 0) }

    /// Records a status request that was rejected with an error that is not retryable.
    ///
    /// - Parameters:
    ///   - minimum: The smallest number of rejections in a row after which an order is given up, including this one.
    ///   - now: The time of the rejection.
    /// - Returns: `true` if the order should be given up.
    package mutating func recordRejection(
        minimum: Int = 3, at now: ContinuousClock.Instant = .now
    ) -> Bool {
        let start = since ?? now
        since = start
        count += 1
        return count >= minimum && start.duration(to: now) >= maximum
    }
}
