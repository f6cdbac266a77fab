// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The part of the job's `max_cost_usd` (or `hedge_max_cost_usd`) that is neither spent nor reserved. The understudy starts paid work only
/// if `reserve(_:)` succeeds.
///
/// `UnderstudyMachine.work` and `hedgeWork` use it. The lead gets the rest as its own limit (`JobMachine.leadBudget`). The services that
/// place orders enforce the limit of each call: `LeadSpending` (services/agent5/Orders) for the lead's orders, `CallOrders`
/// (services/imagegen/Orders) for stills.
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
