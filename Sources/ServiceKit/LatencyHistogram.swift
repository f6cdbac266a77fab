/// Counts durations in buckets that grow by a quarter: any quantile within 12 %, whatever the number of calls.
package struct LatencyHistogram: Sendable {
    private static let growth = 1.25
    private static let smallest = 0.000_01
    private var buckets = [UInt64](repeating: 0, count: 96)
    package private(set) var count: UInt64 = 0

    package init() {}

    /// - Parameter seconds: 10 µs to about five hours; beyond, the outermost buckets take it.
    package mutating func record(_ seconds: Double) {
        buckets[Self.bucket(seconds)] += 1
        count += 1
    }

    /// Seconds below which the share of all durations lies; `nil` where there are none.
    package func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        // trusted: a share of a count
        let rank = UInt64((Double(count) * share).rounded(.up))
        var seen: UInt64 = 0
        for (index, number) in buckets.enumerated() {
            seen += number
            if seen >= max(rank, 1) { return Self.middle(index) }
        }
        return nil
    }

    private static func bucket(_ seconds: Double) -> Int {
        var bound = smallest
        var index = 0
        while seconds > bound, index < 95 {
            bound *= growth
            index += 1
        }
        return index
    }

    private static func middle(_ index: Int) -> Double {
        var bound = smallest
        for _ in 0..<index { bound *= growth }
        return index == 0 ? bound : bound / growth.squareRoot()
    }
}
