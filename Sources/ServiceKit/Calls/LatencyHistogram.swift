// SPDX-License-Identifier: Apache-2.0

/// A histogram of durations with ten geometric buckets per decade; quantiles are accurate to an eighth, in constant memory.
package struct LatencyHistogram: Sendable {
    /// The upper bounds of the buckets in seconds, from a microsecond to about 28 hours. An additional bucket counts longer durations.
    private static let bounds: [Double] = (0...110).map { Self.bound($0) }

    private var buckets = [UInt64](repeating: 0, count: Self.bounds.count + 1)
    /// The number of recorded durations.
    package private(set) var count: UInt64 = 0
    /// The sum of all durations in seconds.
    package private(set) var sum = 0.0
    private var shortest = Double.infinity
    private var longest = 0.0

    /// Creates an empty histogram.
    package init() {}

    /// Records a duration.
    ///
    /// - Parameter seconds: 0 or more; negative and non-finite values count as 0.
    package mutating func record(_ seconds: Double) {
        let seconds = seconds > 0 && seconds.isFinite ? seconds : 0
        buckets[Self.bucket(seconds)] += 1
        count += 1
        sum += seconds
        shortest = min(shortest, seconds)
        longest = max(longest, seconds)
    }

    /// The quantile of all durations, monotonic in `fraction`.
    ///
    /// - Parameter fraction: 0 to 1; 0.5 is the median.
    /// - Returns: seconds; `nil` if no durations were recorded.
    package func quantile(_ fraction: Double) -> Double? {
        guard count > 0 else { return nil }
        // trusted: a fraction of a count
        let rank = UInt64((Double(count) * fraction).rounded(.up))
        var seen: UInt64 = 0
        for (index, number) in buckets.enumerated() {
            seen += number
            if seen >= max(rank, 1) { return min(max(Self.middle(index), shortest), longest) }
        }
        return longest
    }

    /// The cumulative counts for two bounds per decade, from a microsecond to a thousand seconds: how many durations were at most
    /// `seconds` long. Both are ascending.
    package var cumulative: [(seconds: Double, count: UInt64)] {
        var seen: UInt64 = 0
        var steps: [(seconds: Double, count: UInt64)] = []
        for (index, bound) in Self.bounds.enumerated() where index <= 90 {
            seen += buckets[index]
            if index.isMultiple(of: 5) { steps.append((bound, seen)) }
        }
        return steps
    }

    /// 1e-6 × 10^(index / 10); powers of ten are exact.
    private static func bound(_ index: Int) -> Double {
        let tenths = [
            1, 1.258_925_411_794_167, 1.584_893_192_461_113, 1.995_262_314_968_88, 2.511_886_431_509_58,
            3.162_277_660_168_379, 3.981_071_705_534_972, 5.011_872_336_272_722, 6.309_573_444_801_932,
            7.943_282_347_242_815,
        ]
        let powers = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4, 1e5]
        return tenths[index % tenths.count] * powers[index / tenths.count]
    }

    /// The index of the first bucket whose bound is not below the duration.
    private static func bucket(_ seconds: Double) -> Int {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func middle(_ index: Int) -> Double {
        guard index > 0 else { return bounds[0] }
        guard index < bounds.count else { return .infinity }
        return (bounds[index - 1] * bounds[index]).squareRoot()
    }
}
