// SPDX-License-Identifier: Apache-2.0

/// An order that was in progress when its process ended.
package enum PendingOrder: Sendable, Equatable {
    /// It was about to be sent, or was sent, and no response is known.
    ///
    /// - Parameter at: The time at which it was sent, in seconds since 1970.
    case sent(at: Double)
    /// The provider accepted it.
    case accepted(OrderID)
}

/// The failure of an order whose process ended before it received the response.
package enum LostOrder {
    /// The `provider_code` of the failure.
    package static let code = "order_lost"
}
