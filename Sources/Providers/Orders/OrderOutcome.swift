package import Faults

/// What an answer without a result says of an order. `ProviderFailure.outcome` is the one table of it, for all providers.
package enum OrderOutcome: Sendable, Equatable {
    /// The provider did not take the order.
    case refused
    /// The provider itself failed, redirected, or answered a success with an error. It may have taken the order; its list of
    /// orders, if it has one, shows whether it did.
    case failed
    /// Something between failed, or the time was over: the order may be taken even after this answer.
    case lost

    package var fate: OrderFate { self == .refused ? .refused : .unknown }
}
