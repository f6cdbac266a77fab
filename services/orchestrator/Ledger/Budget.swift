// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The part of `max_cost_usd` (or `hedge_max_cost_usd`) that is neither spent nor reserved. The limit is enforced here: paid work is
/// started only if `reserve(_:)` succeeds.
///
/// `UnderstudyMachine.work` and `hedgeWork` use it for the understudy. The lead gets the rest as its own limit (`JobMachine.leadBudget`).
///
/// ```swift
/// var budget = Budget(remaining: ledger.remaining(of: options.maxCost))
/// if budget.reserve(price) { work.insert(still) }
/// ```
struct Budget {
    /// `nil` without a limit; negative if the work in flight exceeds the limit.
    private(set) var remaining: USD?

    /// Deducts the price of work that is already in flight.
    mutating func spend(_ amount: USD) { remaining = remaining.map { $0 - amount } }

    /// Reserves `amount` from the remaining budget.
    ///
    /// - Returns: `false` if it does not fit.
    mutating func reserve(_ amount: USD) -> Bool {
        guard amount > .zero, let available = remaining else { return true }
        guard amount <= available else { return false }
        remaining = available - amount
        return true
    }
}
