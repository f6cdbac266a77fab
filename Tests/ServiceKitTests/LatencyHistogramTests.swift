// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct LatencyHistogramTests {
    @Test
    func `quantiles are accurate to an eighth`() throws {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for millisecond in 1...1000 { histogram.record(Double(millisecond) / 1000) }
        for fraction in [0.5, 0.95, 0.99] {
            let found = try #require(histogram.quantile(fraction))
            #expect(abs(found - fraction) / fraction < 0.13)
        }
    }

    @Test(arguments: [2e-6, 7e-6, 33e-6, 250e-6, 999e-6])
    func `durations of microseconds are distinguished`(seconds: Double) throws {
        var histogram = LatencyHistogram()
        for _ in 0..<100 { histogram.record(seconds) }
        for _ in 0..<100 { histogram.record(seconds * 100) }
        let median = try #require(histogram.quantile(0.5))
        let p95 = try #require(histogram.quantile(0.95))
        #expect(abs(median - seconds) / seconds < 0.13)
        #expect(abs(p95 - seconds * 100) / (seconds * 100) < 0.13)
    }

    @Test
    func `a single duration is every quantile, and quantiles are monotonic`() throws {
        var one = LatencyHistogram()
        one.record(0.003)
        for fraction in [0, 0.5, 0.99, 1] { #expect(one.quantile(fraction) == 0.003) }
        var random = SeededGenerator(for: "LatencyHistogramTests")
        var histogram = LatencyHistogram()
        for _ in 0..<1000 { histogram.record(random.logarithmic(1e-7...1e6)) }
        let quantiles = stride(from: 0.0, through: 1, by: 0.01).compactMap { histogram.quantile($0) }
        #expect(quantiles.count == 101 && quantiles == quantiles.sorted(), "seed \(random.seed)")
    }

    @Test
    func `negative, non-finite and extreme durations are counted without trapping`() throws {
        var histogram = LatencyHistogram()
        for seconds in [0, -1, .nan, .infinity, 1e300, 1e-300] { histogram.record(seconds) }
        #expect(histogram.count == 6)
        #expect(try #require(histogram.quantile(0.5)).isFinite)
        #expect(histogram.quantile(1) == 1e300)
        #expect(histogram.sum.isFinite)
    }

    @Test
    func `cumulative counts ascend and include durations equal to the bound`() {
        var histogram = LatencyHistogram()
        for seconds in [5e-7, 1e-6, 2e-6, 1e-3, 0.002, 5000] { histogram.record(seconds) }
        let steps = histogram.cumulative
        #expect(steps.first?.seconds == 1e-6 && steps.first?.count == 2)
        #expect(steps.first { $0.seconds == 1e-3 }?.count == 4)
        #expect(steps.last?.seconds == 1000 && steps.last?.count == 5)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.seconds < $1.seconds && $0.count <= $1.count })
    }
}

extension SeededGenerator {
    /// A random number with a logarithmically uniform distribution over the range.
    fileprivate mutating func logarithmic(_ range: ClosedRange<Double>) -> Double {
        var (low, high) = (range.lowerBound, range.upperBound)
        for _ in 0..<60 {
            let middle = (low * high).squareRoot()
            if Bool.random(using: &self) { low = middle } else { high = middle }
        }
        return low
    }
}
