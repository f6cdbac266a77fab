// SPDX-License-Identifier: Apache-2.0

/// Collects the time ranges in which a condition holds, and their total duration.
struct TimeRangeCollector {
    /// Minimum duration of a range, in seconds. Shorter ones do not count: a cut through black, two equal frames of an
    /// animation.
    static let minimumDuration = 0.5
    /// Maximum number of listed ranges. All of them count towards the total.
    static let maximumListed = 2000

    private(set) var ranges: [TimeRange] = []
    private(set) var total = 0.0
    private var openStart: Double?

    /// Records the condition at a time.
    ///
    /// - Parameters:
    ///   - holds: Whether the condition holds from this time on.
    ///   - time: Seconds; must not decrease between calls.
    mutating func record(_ holds: Bool, at time: Double) {
        if holds {
            if openStart == nil { openStart = time }
        } else {
            end(at: time)
        }
    }

    mutating func end(at time: Double) {
        guard let start = openStart.take() else { return }
        let range = TimeRange(start: start, end: time)
        // Timestamps are rounded to the ticks of a container.
        guard range.duration >= Self.minimumDuration - 0.002 else { return }
        total += range.duration
        if ranges.count < Self.maximumListed { ranges.append(range) }
    }
}
