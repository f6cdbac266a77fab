import Contracts
import Faults
import Synchronization

/// What one call of the lead spends: reserved before each order, repeats included, and booked when the order's end is known.
final class LeadSpending: Sendable {
    private struct State {
        var reserved = USD.zero
        var bought = USD.zero
        var wasted = USD.zero
        var unknown = USD.zero
    }

    private let limit: USD?
    private let state = Mutex(State())

    /// - Parameter limit: what the call may cost; `nil` without a limit.
    init(limit: USD?) {
        self.limit = limit
    }

    /// What orders cost that brought nothing.
    var wasted: USD { state.withLock { $0.wasted } }
    /// What orders may have cost of which no answer says whether the provider took them.
    var unknown: USD { state.withLock { $0.unknown } }

    /// - Returns: `false` if the order does not fit the limit.
    func reserve(_ price: USD) -> Bool {
        state.withLock { state in
            let spent = state.reserved + state.bought + state.wasted + state.unknown
            if let limit, price > .zero, spent + price > limit { return false }
            state.reserved += price
            return true
        }
    }

    /// Reserves the price of an order that was made before, whether it fits or not.
    func carry(_ price: USD) { state.withLock { $0.reserved += price } }

    /// The clip of an order is here.
    func bought(_ price: USD) {
        state.withLock { state in
            state.reserved = state.reserved - price
            state.bought += price
        }
    }

    /// An order brought nothing.
    func ended(_ price: USD, _ fate: OrderFate) {
        state.withLock { state in
            state.reserved = state.reserved - price
            switch fate {
            case .refused: break
            case .unknown: state.unknown += price
            case .billed: state.wasted += price
            }
        }
    }

    /// A clip that was bought is lost.
    func lost(_ price: USD) {
        state.withLock { state in
            state.bought = state.bought - price
            state.wasted += price
        }
    }

    /// A failure with what was spent for nothing. One that cost, or may have cost, money is not repeated by the caller.
    func booked(_ error: ServiceError) -> ServiceError {
        var error = error
        (error.wasted, error.unknown) = (wasted, unknown)
        if wasted > .zero || unknown > .zero { error.retryable = false }
        return error
    }

    /// The end of a call that was cancelled: clips that were bought are of no use to its caller.
    func cancelled() -> ServiceError {
        var error = ServiceError(.cancelled, "the caller cancelled")
        let spent = state.withLock { $0 }
        error.wasted = spent.wasted + spent.bought
        error.unknown = spent.unknown
        return error
    }

    /// A result with what was spent for nothing.
    func booked(_ result: AgentResult) -> AgentResult {
        var result = result
        result.wasted = wasted > .zero ? wasted : nil
        result.unknown = unknown > .zero ? unknown : nil
        return result
    }
}
