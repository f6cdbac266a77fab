// SPDX-License-Identifier: Apache-2.0

package import Faults

/// What a response without a result shows of an order. `ProviderErrorMapper.outcome` derives it for all providers.
package enum OrderOutcome: Sendable, Equatable {
    /// The provider did not accept the order.
    case refused
    /// The provider itself failed, redirected, or answered a success with an error. It may have accepted the order; its list of
    /// orders, if there is one, shows whether it did.
    case failed
    /// A gateway failed or timed out. The order may still be accepted after this response.
    case lost

    /// What is known of the charge.
    package var chargeStatus: ChargeStatus { self == .refused ? .refused : .unknown }
}
