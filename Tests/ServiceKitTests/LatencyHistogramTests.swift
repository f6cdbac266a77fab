import Testing

@testable import ServiceKit

@Suite struct LatencyHistogramTests {
    @Test("quantiles are within an eighth of the truth")
    func quantiles() throws {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for millisecond in 1...1000 { histogram.record(Double(millisecond) / 1000) }
        for share in [0.5, 0.95, 0.99] {
            let found = try #require(histogram.quantile(share))
            #expect(abs(found - share) / share < 0.13)
        }
    }

    @Test("calls of microseconds are told apart", arguments: [2e-6, 7e-6, 33e-6, 250e-6, 999e-6])
    func fast(seconds: Double) throws {
        var histogram = LatencyHistogram()
        for _ in 0..<100 { histogram.record(seconds) }
        for _ in 0..<100 { histogram.record(seconds * 100) }
        let half = try #require(histogram.quantile(0.5))
        let most = try #require(histogram.quantile(0.95))
        #expect(abs(half - seconds) / seconds < 0.13)
        #expect(abs(most - seconds * 100) / (seconds * 100) < 0.13)
    }

    @Test("one duration is every quantile, and a larger share never gets a smaller one")
    func monotone() throws {
        var one = LatencyHistogram()
        one.record(0.003)
        for share in [0, 0.5, 0.99, 1] { #expect(one.quantile(share) == 0.003) }
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(state: seed)
        var histogram = LatencyHistogram()
        for _ in 0..<1000 { histogram.record(random.logarithmic(1e-7...1e6)) }
        let quantiles = stride(from: 0.0, through: 1, by: 0.01).compactMap { histogram.quantile($0) }
        #expect(quantiles.count == 101 && quantiles == quantiles.sorted(), "seed \(seed)")
    }

    @Test("durations that are none, endless or beyond all bounds are counted and trap nothing")
    func odd() throws {
        var histogram = LatencyHistogram()
        for seconds in [0, -1, .nan, .infinity, 1e300, 1e-300] { histogram.record(seconds) }
        #expect(histogram.count == 6)
        #expect(try #require(histogram.quantile(0.5)).isFinite)
        #expect(histogram.quantile(1) == 1e300)
        #expect(histogram.sum.isFinite)
    }

    @Test("cumulative numbers ascend and count what was at most so long")
    func cumulative() {
        var histogram = LatencyHistogram()
        for seconds in [5e-7, 1e-6, 2e-6, 1e-3, 0.002, 5000] { histogram.record(seconds) }
        let steps = histogram.cumulative
        #expect(steps.first?.seconds == 1e-6 && steps.first?.count == 2)
        #expect(steps.first { $0.seconds == 1e-3 }?.count == 4)
        #expect(steps.last?.seconds == 1000 && steps.last?.count == 5)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.seconds < $1.seconds && $0.count <= $1.count })
    }
}

/// A generator whose numbers follow from its seed (splitmix64).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Equally likely in every factor of ten: ten to a power between those of the bounds.
    mutating func logarithmic(_ range: ClosedRange<Double>) -> Double {
        var (low, high) = (range.lowerBound, range.upperBound)
        for _ in 0..<60 {
            let middle = (low * high).squareRoot()
            if Bool.random(using: &self) { low = middle } else { high = middle }
        }
        return low
    }
}
