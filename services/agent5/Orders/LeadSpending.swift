// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Synchronization

/// The spending of one call of the lead, which enforces the call's `max_cost_usd`: each order's price is reserved before it is sent,
/// retries included, and settled when its end is known.
///
/// ```swift
/// guard spending.reserve(price) else { throw tooExpensive }
/// ...  // order
/// spending.recordPurchase(price)  // or spending.recordFailure(price, chargeStatus)
/// ```
final class LeadSpending: Sendable {
    private struct State {
        var reserved = USD.zero
        var bought = USD.zero
        var wasted = USD.zero
        var unknown = USD.zero
    }

    private let limit: USD?
    private let state = Mutex(State())

    /// - Parameter limit: The maximum cost of the call (`max_cost_usd`); `nil` for no limit.
    init(limit: USD?) {
        self.limit = limit
    }

    /// The cost of billed orders that delivered nothing usable.
    var wasted: USD { state.withLock { $0.wasted } }
    /// The cost of orders that may have been billed.
    var unknown: USD { state.withLock { $0.unknown } }

    /// Reserves the price of an order.
    ///
    /// - Returns: `false` if the order does not fit the limit.
    func reserve(_ price: USD) -> Bool {
        state.withLock { state in
            let spent = state.reserved + state.bought + state.wasted + state.unknown
            if let limit, price > .zero, spent + price > limit { return false }
            state.reserved += price
            return true
        }
    }

    /// Reserves the price of an order of an earlier process, whether it fits the limit or not.
    func reserveUnconditionally(_ price: USD) { state.withLock { $0.reserved += price } }

    /// Settles an order that delivered its clip.
    func recordPurchase(_ price: USD) {
        state.withLock { state in
            state.reserved = state.reserved - price
            state.bought += price
        }
    }

    /// Settles an order that delivered nothing usable.
    func recordFailure(_ price: USD, _ chargeStatus: ChargeStatus) {
        state.withLock { state in
            state.reserved = state.reserved - price
            switch chargeStatus {
            case .refused: break
            case .unknown: state.unknown += price
            case .billed: state.wasted += price
            }
        }
    }

    /// Records that a purchased clip was lost.
    func recordLoss(_ price: USD) {
        state.withLock { state in
            state.bought = state.bought - price
            state.wasted += price
        }
    }

    /// Adds the cost of unusable orders to an error. An error that cost, or may have cost, money is not retryable.
    func addingCosts(to error: ServiceError) -> ServiceError {
        var error = error
        (error.wasted, error.unknown) = (wasted, unknown)
        if wasted > .zero || unknown > .zero { error.retryable = false }
        return error
    }

    /// The error of a cancelled call, whose purchased clips count as wasted.
    func cancelled() -> ServiceError {
        var error = ServiceError(.cancelled, "the caller cancelled")
        let spent = state.withLock { $0 }
        error.wasted = spent.wasted + spent.bought
        error.unknown = spent.unknown
        return error
    }

    /// Adds the cost of unusable orders to a result.
    func addingCosts(to result: AgentResult) -> AgentResult {
        var result = result
        result.wasted = wasted > .zero ? wasted : nil
        result.unknown = unknown > .zero ? unknown : nil
        return result
    }
}
