import Untrusted

/// How long questions about an accepted order may be refused in a row, in words that leave no hope, before the order is given up:
/// servers answer 404 while they store an order, and 403 while a filter in between is closed.
package struct RefusalPatience: Sendable {
    /// Seconds, unless told otherwise.
    package static let usual = 30.0

    private let longest: Duration
    private var since: ContinuousClock.Instant?
    private var count = 0

    /// - Parameter seconds: from the first refusal to the last.
    package init(seconds: Double) { longest = .clamping(seconds: seconds) }

    /// A question was answered, or refused in words that leave hope.
    package mutating func answered() { (since, count) = (nil, 0) }

    /// A question was refused.
    ///
    /// - Parameter least: refusals that are waited for in any case.
    /// - Returns: whether it is time to give up.
    package mutating func refused(atLeast least: Int = 3) -> Bool {
        let start = since ?? .now
        since = start
        count += 1
        return count >= least && start.duration(to: .now) >= longest
    }
}
