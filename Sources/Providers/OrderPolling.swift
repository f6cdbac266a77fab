import Retry
import Untrusted

/// The pauses between questions about an order that a provider works on: growing, with jitter, within the order's time.
///
/// An order that is paid for is asked about until its time is over, however long the provider asks to be left alone.
package struct OrderPolling {
    /// The longest wait in seconds that a provider can ask for.
    private static let longestAsked = 30.0

    private let end: ContinuousClock.Instant
    private var backoff: Backoff

    /// - Parameters:
    ///   - timeout: seconds for the whole order.
    ///   - first: seconds of the first pause; each is half as long again as the one before.
    ///   - longest: seconds of the longest pause.
    package init(timeout: Double, first: Double, longest: Double) {
        end = .now + .clamping(seconds: timeout)
        // Many that wait must not ask at the same moment.
        backoff = Backoff(
            first: .clamping(seconds: first), factor: 1.5, longest: .clamping(seconds: longest), jitter: 0.8...1.2)
    }

    /// Waits for the moment of the next question.
    ///
    /// - Returns: `false` if the order's time is over.
    /// - Throws: `CancellationError`.
    package mutating func pause() async throws -> Bool {
        guard ContinuousClock.now < end else { return false }
        try await Task.sleep(for: min(backoff.next(), ContinuousClock.now.duration(to: end)))
        return true
    }

    /// Makes the next pause longer.
    ///
    /// - Parameter seconds: that the provider asked for; any number.
    package mutating func wait(atLeast seconds: Double?) {
        backoff.raise(to: .clamping(seconds: seconds ?? 0, maximum: Self.longestAsked))
    }
}
