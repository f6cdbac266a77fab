package import JSONRPC

/// What a provider reports of one order.
package struct OrderReport: Sendable {
    package enum Standing: Sendable {
        /// Also what a provider says in words that are not known.
        case underWay
        case succeeded
        /// The provider gave up. The error's `order` is the fate; without one, the order may have been billed.
        case failed(ServiceError)
    }

    package var id: OrderID
    package var standing: Standing
    /// 0 to 1, if the provider reports it.
    package var fraction: Double?
    /// Where the result is, best first: URLs, `data:` URIs included.
    package var outputs: [String]

    package init(id: OrderID, standing: Standing, fraction: Double? = nil, outputs: [String] = []) {
        self.id = id
        self.standing = standing
        self.fraction = fraction
        self.outputs = outputs
    }

    package var hasSucceeded: Bool {
        if case .succeeded = standing { true } else { false }
    }
}

/// One page of a provider's list of orders.
package struct OrderList: Sendable {
    package struct Entry: Sendable {
        package var report: OrderReport
        /// Seconds since 1970 by the provider's clock; `nil` if the list does not say.
        package var createdAt: Double?

        package init(report: OrderReport, createdAt: Double?) {
            self.report = report
            self.createdAt = createdAt
        }
    }

    /// Only orders of the same wish: model and input are equal.
    package var entries: [Entry]
    /// What to send for the next page; `nil` on the last one.
    package var next: String?

    package init(entries: [Entry], next: String? = nil) {
        self.entries = entries
        self.next = next
    }
}
