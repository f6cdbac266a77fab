// SPDX-License-Identifier: Apache-2.0

/// Measures the duration of consecutive steps.
struct StageClock {
    private var last = ContinuousClock.now

    /// Seconds since the last lap, or since creation.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { last = now }
        let parts = last.duration(to: now).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}
