import Synchronization

/// What may be spent on tries after the first: when everything fails, retries only add to the load, so they run out; each
/// success gives a little back.
final class RetryBudget: Sendable {
    private static let full = 500
    private let left = Mutex(RetryBudget.full)

    /// -> whether a retry is paid for.
    func spend(_ cost: Int = 5) -> Bool {
        left.withLock { left in
            guard left >= cost else { return false }
            left -= cost
            return true
        }
    }

    func refund() {
        left.withLock { $0 = min($0 + 1, Self.full) }
    }
}
