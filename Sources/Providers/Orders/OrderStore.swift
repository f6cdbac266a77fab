// SPDX-License-Identifier: Apache-2.0

package import Faults

/// Stores an order across the end of the process: before it is sent, and again when its ID is known.
///
/// `PaidOrder.finish` continues the pending order of a store instead of sending another one.
package protocol OrderStore: Sendable {
    /// The order that an earlier process left in progress when it ended; `nil` if there is none.
    var pendingOrder: PendingOrder? { get }

    /// Stores that an order is about to be sent.
    ///
    /// - Throws: The reason why it cannot be stored durably. Nothing may be sent then.
    func sending() throws(ServiceError)

    /// Stores the ID of an accepted order.
    func accepted(_ id: OrderID)

    /// The claims that assign orders to requests.
    var claims: OrderClaims { get }
}

extension OrderStore {
    /// Claims in the memory of this process.
    package var claims: OrderClaims { OrderClaims() }
}

/// A store that stores nothing, for callers that record their orders themselves.
package struct NullOrderStore: OrderStore {
    /// Creates a store without orders.
    package init() {}
    /// Always `nil`.
    package var pendingOrder: PendingOrder? { nil }
    /// Does nothing.
    package func sending() {}
    /// Does nothing.
    package func accepted(_ id: OrderID) {}
}
