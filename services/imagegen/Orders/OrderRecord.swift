import Contracts
import Faults

/// What was ordered under one idempotency key, as it is stored.
struct OrderRecord: Codable, Sendable {
    struct Order: Codable, Sendable {
        enum State: String, Codable, Sendable {
            /// On its way to the provider, or answered to a process that ended before it noted the answer.
            case sent
            case refused, unknown, billed
            /// The picture is on this machine's disk.
            case delivered
        }

        /// Unique, of this order.
        var id: String
        var provider: String
        /// The model that was ordered from; `nil` in records of earlier versions.
        var model: String?
        var price: USD
        var state: State
        /// Seconds since 1970; `nil` in records of earlier versions.
        var sentAt: Double?
        /// The provider's id of the order, once it accepted one that is asked for later.
        var reference: String?
        /// Where a server reports the order, if that is not its API's usual place.
        var places: [String]?
        /// Whether the cost was reported to the caller: by a reply, or by a failure that is stored with this record. `nil` where there
        /// is no cost to report, and in records of earlier versions, which count as reported.
        var isReported: Bool?
    }

    var orders: [Order] = []
    /// Failures that cost, or may have cost, money, by `attempt`: repeated to a caller that lost the reply.
    var failures: [Int: ServiceError] = [:]
}
