// SPDX-License-Identifier: Apache-2.0

import Retry
import Testing

@Suite(.timeLimit(.minutes(1))) struct BackoffTests {
    private func milliseconds(_ pause: Duration) -> Int { Int((pause / .milliseconds(1)).rounded()) }

    @Test(arguments: [
        (Backoff(first: .milliseconds(100), longest: .seconds(5)), [100, 200, 400, 800, 1600, 3200, 5000, 5000]),
        (Backoff(first: .milliseconds(250), longest: .seconds(4)), [250, 500, 1000, 2000, 4000, 4000]),
        (
            Backoff(first: .seconds(2), factor: 1.5, longest: .seconds(10)),
            [2000, 3000, 4500, 6750, 10_000, 10_000]
        ),
        (Backoff(every: .milliseconds(50)), [50, 50, 50]),
        (Backoff(first: .seconds(9), longest: .seconds(3)), [3000, 3000]),
        (Backoff(first: .zero, longest: .seconds(3)), [0, 0]),
    ])
    func `pauses grow by the factor up to the longest`(_ backoff: Backoff, _ expected: [Int]) {
        var running = backoff
        #expect(expected.map { _ in milliseconds(running.next()) } == expected)
        #expect(expected.indices.map { milliseconds(backoff.pause(after: $0 + 1)) } == expected)
        running.reset()
        #expect(milliseconds(running.next()) == expected[0])
    }

    @Test
    func `a pause is a fraction of its bound within the jitter, and the bound grows regardless`() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(8), jitter: 0.25...1)
        #expect(backoff.next { $0.lowerBound } == .milliseconds(250))
        #expect(backoff.next { $0.upperBound } == .seconds(2))
        #expect(backoff.next { $0.lowerBound } == .seconds(1))
        for _ in 0..<1000 {
            let pause = backoff.next()
            #expect(pause >= .seconds(2) && pause <= .seconds(8))
        }
        let full = Backoff(first: .seconds(1), longest: .seconds(8), jitter: 0...1)
        #expect(full.pause(after: 3) { $0.lowerBound } == .zero)
        #expect(full.pause(after: 3) { $0.upperBound } == .seconds(4))
    }

    @Test
    func `a bound can be raised once, even beyond the longest`() {
        var backoff = Backoff(first: .seconds(1), factor: 1.5, longest: .seconds(5))
        backoff.raise(to: .seconds(30))
        #expect(backoff.next() == .seconds(30))
        #expect(backoff.next() == .seconds(5))
        backoff.raise(to: .seconds(1))
        #expect(backoff.next() == .seconds(5))
    }

    @Test
    func `a requested minimum is honoured up to the longest pause`() {
        let backoff = Backoff(first: .seconds(1), longest: .seconds(20), jitter: 0...1)
        #expect(backoff.pause(after: 1, atLeast: .seconds(7)) { $0.lowerBound } == .seconds(7))
        #expect(backoff.pause(after: 1, atLeast: .seconds(700)) { $0.lowerBound } == .seconds(20))
        #expect(backoff.pause(after: 4, atLeast: .seconds(7)) { $0.upperBound } == .seconds(8))
    }

    @Test
    func `extreme values do not trap, and no pause is longer than 30 days`() {
        for factor in [Double.nan, -1, 0, 1e300, .infinity] {
            for duration in [Duration.zero, .seconds(-5), .seconds(Int64.max / 2), .nanoseconds(1)] {
                var backoff = Backoff(first: duration, factor: factor, longest: duration, jitter: 0...1)
                backoff.raise(to: .seconds(Int64.max / 2))
                for _ in 0..<100 { #expect((.zero ... .seconds(30 * 86_400)).contains(backoff.next())) }
                for failures in [Int.min, -1, 0, 1, 1000, Int.max] {
                    #expect((.zero ... .seconds(30 * 86_400)).contains(backoff.pause(after: failures)))
                }
            }
        }
        _ = Backoff(first: .nanoseconds(1), factor: 1, longest: .seconds(1)).pause(after: .max)
    }
}
