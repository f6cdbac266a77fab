// SPDX-License-Identifier: Apache-2.0

/// Limits the reports of lost events: the first loss is reported at once, then the number of losses at most once a minute. Pure.
struct LossReportThrottle {
    private static let interval = Duration.seconds(60)

    private var unreported = 0
    private var last: ContinuousClock.Instant?

    /// Records a lost event.
    ///
    /// - Returns: the number of events to report now; `nil` for none.
    mutating func recordLoss(at now: ContinuousClock.Instant) -> Int? {
        unreported += 1
        if let last, last.duration(to: now) < Self.interval { return nil }
        last = now
        return flush()
    }

    /// The number of events that were not reported yet; `nil` for none.
    mutating func flush() -> Int? {
        defer { unreported = 0 }
        return unreported > 0 ? unreported : nil
    }
}
