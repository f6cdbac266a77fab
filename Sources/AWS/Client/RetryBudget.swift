// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A token bucket that bounds retries. While everything fails, retries only add load, so the bucket runs empty; each success replenishes
/// it a little.
final class RetryBudget: Sendable {
    private static let capacity = 500
    private let available = Mutex(RetryBudget.capacity)

    /// Takes the tokens for one retry.
    ///
    /// - Returns: `false` if there are not enough tokens, so that the request must not be retried.
    func acquire(_ cost: Int = 5) -> Bool {
        available.withLock { available in
            guard available >= cost else { return false }
            available -= cost
            return true
        }
    }

    /// Returns one token after a success.
    func replenish() {
        available.withLock { $0 = min($0 + 1, Self.capacity) }
    }
}
