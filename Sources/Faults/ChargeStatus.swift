// SPDX-License-Identifier: Apache-2.0

/// What is known about the charge for an order that produced nothing usable.
package enum ChargeStatus: String, Sendable, Codable {
    /// The provider rejected the order or was never reached: it costs nothing.
    case refused
    /// The order was sent and no reply states whether it was accepted: it may have been billed.
    case unknown
    /// The provider delivered a result that could not be used or was lost: it was billed.
    case billed
}
