// SPDX-License-Identifier: Apache-2.0

package import Faults

/// The status of an order, as reported by its provider.
package struct OrderReport: Sendable {
    /// The state of an order.
    package enum State: Sendable {
        /// Accepted and not finished. Unknown status words count as in progress.
        case inProgress
        /// Finished; the result can be fetched.
        case succeeded
        /// Ended without a result. If the error's `chargeStatus` is `nil`, the order may have been billed.
        case failed(ServiceError)
    }

    /// The provider's ID of the order.
    package var id: OrderID
    /// The state of the order.
    package var state: State
    /// The progress from 0 to 1; `nil` if the provider does not report it.
    package var fraction: Double?
    /// The URLs of the result, best first, including `data:` URIs.
    package var outputs: [String]

    /// - Parameters:
    ///   - id: The provider's ID of the order.
    ///   - state: The state of the order.
    ///   - fraction: The progress from 0 to 1; `nil` if it is unknown.
    ///   - outputs: The URLs of the result, best first.
    package init(id: OrderID, state: State, fraction: Double? = nil, outputs: [String] = []) {
        self.id = id
        self.state = state
        self.fraction = fraction
        self.outputs = outputs
    }

    /// Whether the order has succeeded.
    package var hasSucceeded: Bool {
        if case .succeeded = state { true } else { false }
    }
}
