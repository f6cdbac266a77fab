/// Pauses between tries: each is a random part of a bound, which grows by a factor up to the longest.
///
/// A value: it knows no clock and sleeps nowhere. As a variable it hands out one pause after the other; by `pause(after:)` it can
/// be asked without state.
///
/// ```swift
/// var backoff = Backoff(first: .milliseconds(500), longest: .seconds(60), jitter: 0.25...1)
/// while let failure = await attempt() {
///     try await Task.sleep(for: backoff.next())
/// }
/// ```
package struct Backoff: Sendable, Equatable {
    /// Longer pauses than 30 days are cut to them: bounds may come from settings.
    private static let maximum = Duration.seconds(30 * 86_400)

    /// The bound of the first pause.
    package let first: Duration
    /// By what each bound is larger than the one before.
    package let factor: Double
    /// The largest bound.
    package let longest: Duration
    /// What part of its bound a pause is; many that wait must not try at the same moment.
    package let jitter: ClosedRange<Double>
    /// The bound of the next pause.
    private var bound: Duration

    /// - Parameters:
    ///   - first: the bound of the first pause; at most `longest`.
    ///   - factor: from 1 to 100.
    ///   - longest: the largest bound; at most 30 days.
    ///   - jitter: the least and the largest part of its bound that a pause is, within 0 to 10; `1...1` for no jitter.
    package init(first: Duration, factor: Double = 2, longest: Duration, jitter: ClosedRange<Double> = 1...1) {
        self.longest = min(max(longest, .zero), Self.maximum)
        self.first = min(max(first, .zero), self.longest)
        self.factor = factor.isNaN ? 1 : min(max(factor, 1), 100)
        self.jitter = min(max(jitter.lowerBound, 0), 10)...min(max(jitter.upperBound, 0), 10)
        bound = self.first
    }

    /// Pauses of the same length.
    package init(every pause: Duration) {
        self.init(first: pause, factor: 1, longest: pause)
    }

    /// The pause until the next try; the one after it has a larger bound.
    ///
    /// - Parameter random: chooses the part of the bound.
    package mutating func next(random: (ClosedRange<Double>) -> Double = { .random(in: $0) }) -> Duration {
        defer { bound = min(bound * factor, longest) }
        return bound * random(jitter)
    }

    /// Begins again with the first pause.
    package mutating func reset() { bound = first }

    /// Makes the next bound at least this long, even if that is more than `longest`; the bounds after it are not.
    package mutating func raise(to least: Duration) { bound = max(bound, min(least, Self.maximum)) }

    /// The pause after a number of failures in a row, whatever pauses were handed out before.
    ///
    /// - Parameters:
    ///   - failures: 1 for the first; less counts as 1.
    ///   - least: what the other side asks for; counts up to `longest`.
    ///   - random: chooses the part of the bound.
    package func pause(
        after failures: Int, atLeast least: Duration = .zero,
        random: (ClosedRange<Double>) -> Double = { .random(in: $0) }
    ) -> Duration {
        var bound = first
        var left = min(max(failures, 1), 10_000) - 1
        while left > 0, factor > 1, bound != .zero, bound != longest {
            bound = min(bound * factor, longest)
            left -= 1
        }
        return max(bound * random(jitter), min(least, longest))
    }
}
