/// Counts durations in geometric buckets, ten to a factor of ten: any quantile within an eighth, whatever the number of calls.
package struct LatencyHistogram: Sendable {
    /// Seconds: the upper bounds of the buckets, from a microsecond to about 28 hours. What is longer is in one more bucket.
    private static let bounds: [Double] = (0...110).map { Self.bound($0) }

    private var buckets = [UInt64](repeating: 0, count: Self.bounds.count + 1)
    package private(set) var count: UInt64 = 0
    /// Seconds of all durations together.
    package private(set) var sum = 0.0
    private var shortest = Double.infinity
    private var longest = 0.0

    package init() {}

    /// - Parameter seconds: 0 or more; anything else counts as 0.
    package mutating func record(_ seconds: Double) {
        let seconds = seconds > 0 && seconds.isFinite ? seconds : 0
        buckets[Self.bucket(seconds)] += 1
        count += 1
        sum += seconds
        shortest = min(shortest, seconds)
        longest = max(longest, seconds)
    }

    /// Seconds below which the share of all durations lies. A larger share never gets a smaller result.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: `nil` where there are no durations.
    package func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        // trusted: a share of a count
        let rank = UInt64((Double(count) * share).rounded(.up))
        var seen: UInt64 = 0
        for (index, number) in buckets.enumerated() {
            seen += number
            if seen >= max(rank, 1) { return min(max(Self.middle(index), shortest), longest) }
        }
        return longest
    }

    /// How many durations were at most so long, for two bounds to a factor of ten, from a microsecond to a thousand seconds.
    ///
    /// - Returns: seconds and numbers, both ascending.
    package var cumulative: [(seconds: Double, count: UInt64)] {
        var seen: UInt64 = 0
        var steps: [(seconds: Double, count: UInt64)] = []
        for (index, bound) in Self.bounds.enumerated() where index <= 90 {
            seen += buckets[index]
            if index.isMultiple(of: 5) { steps.append((bound, seen)) }
        }
        return steps
    }

    /// 1e-6 times ten to the power of a tenth of `index`; powers of ten are exact.
    private static func bound(_ index: Int) -> Double {
        let tenths = [
            1, 1.258_925_411_794_167, 1.584_893_192_461_113, 1.995_262_314_968_88, 2.511_886_431_509_58,
            3.162_277_660_168_379, 3.981_071_705_534_972, 5.011_872_336_272_722, 6.309_573_444_801_932,
            7.943_282_347_242_815,
        ]
        let powers = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4, 1e5]
        return tenths[index % tenths.count] * powers[index / tenths.count]
    }

    /// The first bucket whose bound is not below the duration.
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
