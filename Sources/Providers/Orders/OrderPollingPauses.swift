// SPDX-License-Identifier: Apache-2.0

import Retry
import Untrusted

/// The schedule for polling an order: exponentially growing pauses with jitter, until the order's timeout.
///
/// A paid order is polled until its timeout, however long a pause the provider asks for.
///
/// ```swift
/// var polling = OrderPollingPauses(timeout: 180, first: 0.5, longest: 5)
/// while try await polling.pause() {
///     let report = try await status(of: id)
///     ...
/// }
/// ```
package struct OrderPollingPauses {
    /// The longest pause that a provider can ask for, in seconds.
    private static let maximumRequestedPause = 30.0

    private let end: ContinuousClock.Instant
    private var backoff: Backoff

    /// Creates a schedule that starts at `now`.
    ///
    /// - Parameters:
    ///   - timeout: The time for the whole order, in seconds.
    ///   - first: The first pause, in seconds; each pause is 1.5 times as long as the one before.
    ///   - longest: The longest pause, in seconds.
    ///   - now: The time at which the order starts.
    package init(
        timeout: Double, first: Double, longest: Double, now: ContinuousClock.Instant = .now
    ) {
        end = now + .clamping(seconds: timeout)
        // Jitter keeps concurrent orders from polling in lockstep.
        backoff = Backoff(
            first: .clamping(seconds: first), factor: 1.5, longest: .clamping(seconds: longest), jitter: 0.8...1.2)
    }

    /// Sleeps until the next poll is due.
    ///
    /// - Returns: `false` if the order's timeout has passed.
    /// - Throws: `CancellationError`.
    package mutating func pause() async throws -> Bool {
        guard let pause = nextPause() else { return false }
        try await Task.sleep(for: pause)
        return true
    }

    /// Returns the pause before the next poll, cut to the end of the order's time.
    ///
    /// - Returns: `nil` if the order's timeout has passed.
    mutating func nextPause(at now: ContinuousClock.Instant = .now) -> Duration? {
        guard now < end else { return nil }
        return min(backoff.next(), now.duration(to: end))
    }

    /// Extends the next pause.
    ///
    /// - Parameter seconds: The pause that the provider asked for; clamped to 0 to 30 seconds.
    package mutating func extendNextPause(toAtLeast seconds: Double?) {
        backoff.raise(to: .clamping(seconds: seconds ?? 0, maximum: Self.maximumRequestedPause))
    }
}
