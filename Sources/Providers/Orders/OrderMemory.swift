package import Faults

/// Remembers an order across the end of the process: noted before the order is sent, and again when its id is known.
package protocol OrderMemory: Sendable {
    /// The order that a process left under way when it ended; `nil` if there is none.
    var unsettled: UnsettledOrder? { get }

    /// An order is about to be sent.
    ///
    /// - Throws: why it cannot be noted durably. Nothing may be sent then.
    func sending() throws(ServiceError)

    /// The provider accepted the order.
    func accepted(_ id: OrderID)

    /// Where orders are claimed for their wishes.
    var claims: OrderClaims { get }
}

extension OrderMemory {
    package var claims: OrderClaims { OrderClaims() }
}

/// An order that was under way when its process ended.
package enum UnsettledOrder: Sendable, Equatable {
    /// It was about to be sent, or was sent, and no answer is known.
    ///
    /// - Parameter at: seconds since 1970.
    case sent(at: Double)
    case accepted(OrderID)
}

/// The failure of an order whose process ended before it got the answer.
package enum OrderLoss {
    /// Its `provider_code`.
    package static let code = "order_lost"
}

/// Remembers nothing: for callers that keep books of their own.
package struct NoOrderMemory: OrderMemory {
    package init() {}
    package var unsettled: UnsettledOrder? { nil }
    package func sending() {}
    package func accepted(_ id: OrderID) {}
}
