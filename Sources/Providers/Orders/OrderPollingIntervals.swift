// SPDX-License-Identifier: Apache-2.0

/// The intervals at which orders are polled.
package struct OrderPollingIntervals: Sendable {
    /// The pause before the first status request, in seconds.
    package var first: Double
    /// The longest pause between two status requests, in seconds.
    package var longest: Double
    /// The time in seconds after which an order is given up whose status requests are rejected, see `PollErrorTolerance`.
    package var errorTolerance: Double

    /// - Parameters:
    ///   - first: The pause before the first status request, in seconds.
    ///   - longest: The longest pause between two status requests, in seconds.
    ///   - errorTolerance: The time in seconds after which an order is given up whose status requests are rejected.
    package init(
        first: Double = 0.5, longest: Double = 5, errorTolerance: Double = PollErrorTolerance.defaultSeconds
    ) {
        self.first = first
        self.longest = longest
        self.errorTolerance = errorTolerance
    }
}
