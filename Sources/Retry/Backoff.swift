// SPDX-License-Identifier: Apache-2.0

/// Exponential backoff with jitter: each pause is a random fraction of a bound, which grows by a factor up to a maximum.
///
/// It neither sleeps nor reads a clock. `next()` advances its state; `pause(after:)` computes a pause without state.
///
/// ```swift
/// var backoff = Backoff(first: .milliseconds(500), longest: .seconds(60), jitter: 0.25...1)
/// while let failure = await attempt() {
///     try await Task.sleep(for: backoff.next())
/// }
/// ```
package struct Backoff: Sendable, Equatable {
    /// The upper limit of all bounds, since they may come from settings: 30 days.
    private static let maximum = Duration.seconds(30 * 86_400)

    /// The bound of the first pause.
    package let first: Duration
    /// The growth of the bound from one pause to the next.
    package let factor: Double
    /// The largest bound.
    package let longest: Duration
    /// The range of the random fraction, so that clients do not retry in lockstep.
    package let jitter: ClosedRange<Double>
    /// The bound of the next pause.
    private var bound: Duration

    /// Creates a backoff; values out of range are clamped.
    ///
    /// - Parameters:
    ///   - first: the bound of the first pause; at most `longest`.
    ///   - factor: from 1 to 100.
    ///   - longest: the largest bound; at most 30 days.
    ///   - jitter: the range of the random fraction, within 0...10; `1...1` for no jitter.
    package init(first: Duration, factor: Double = 2, longest: Duration, jitter: ClosedRange<Double> = 1...1) {
        self.longest = min(max(longest, .zero), Self.maximum)
        self.first = min(max(first, .zero), self.longest)
        self.factor = factor.isNaN ? 1 : min(max(factor, 1), 100)
        self.jitter = min(max(jitter.lowerBound, 0), 10)...min(max(jitter.upperBound, 0), 10)
        bound = self.first
    }

    /// Creates a backoff with pauses of constant length.
    package init(every pause: Duration) {
        self.init(first: pause, factor: 1, longest: pause)
    }

    /// Returns the pause before the next attempt and increases the bound for the one after it.
    ///
    /// - Parameter random: chooses the fraction of the bound.
    package mutating func next(random: (ClosedRange<Double>) -> Double = { .random(in: $0) }) -> Duration {
        defer { bound = min(bound * factor, longest) }
        return bound * random(jitter)
    }

    /// Resets the bound to that of the first pause.
    package mutating func reset() { bound = first }

    /// Raises the next bound to at least `minimum`, even beyond `longest`. Later bounds are unaffected.
    package mutating func raise(to minimum: Duration) { bound = max(bound, min(minimum, Self.maximum)) }

    /// Returns the pause after a number of consecutive failures, independently of `next()`.
    ///
    /// - Parameters:
    ///   - failures: the number of consecutive failures; values below 1 count as 1.
    ///   - minimum: the delay that the peer asked for, such as `Retry-After`; at most `longest` is honoured.
    ///   - random: chooses the fraction of the bound.
    package func pause(
        after failures: Int, atLeast minimum: Duration = .zero,
        random: (ClosedRange<Double>) -> Double = { .random(in: $0) }
    ) -> Duration {
        var bound = first
        var remaining = min(max(failures, 1), 10_000) - 1
        while remaining > 0, factor > 1, bound != .zero, bound != longest {
            bound = min(bound * factor, longest)
            remaining -= 1
        }
        return max(bound * random(jitter), min(minimum, longest))
    }
}
