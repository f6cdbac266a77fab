// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The stored orders of one idempotency key.
struct OrderRecord: Codable, Sendable {
    /// One order at a provider.
    struct Order: Codable, Sendable {
        /// The state of an order. The raw values are stored.
        enum State: String, Codable, Sendable {
            /// About to be sent, or sent, and no response was stored.
            case sent
            case refused, unknown, billed
            /// The image is stored on this machine.
            case delivered
        }

        /// A unique ID.
        var id: String
        var provider: String
        /// The model; `nil` in records of earlier versions.
        var model: String?
        var price: USD
        var state: State
        /// When the order was sent, in seconds since 1970; `nil` in records of earlier versions.
        var sentAt: Double?
        /// The provider's ID of an accepted order that is polled.
        var reference: String?
        /// The status URLs of the order, if they are not the usual ones of the API.
        var places: [String]?
        /// Whether the cost was reported to the caller, by a reply or by a failure that is stored in this record. `nil` if there is
        /// no cost to report, and in records of earlier versions, which count as reported.
        var isReported: Bool?
    }

    /// The orders, in the order in which they were sent.
    var orders: [Order] = []
    /// Failures that cost, or may have cost, money, by `attempt`; repeated to a caller that lost the reply.
    var failures: [Int: ServiceError] = [:]
}
