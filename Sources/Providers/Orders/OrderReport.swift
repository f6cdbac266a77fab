package import Faults

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
        /// `nil` if the list does not say enough.
        package var report: OrderReport?
        /// Seconds since 1970 by the provider's clock; `nil` if the list does not say.
        package var createdAt: Double?
        /// Whether the order is one of the same wish: model and input are equal. Otherwise the list does not show whether it is.
        package var isSame: Bool

        package init(report: OrderReport?, createdAt: Double?, isSame: Bool = true) {
            self.report = report
            self.createdAt = createdAt
            self.isSame = isSame
        }
    }

    /// Orders that are, or may be, of the same wish.
    package var entries: [Entry]
    /// When the oldest order of the page was made, in seconds since 1970 by the provider's clock; `nil` if the page does not say, or is
    /// not in falling order.
    package var oldest: Double?
    /// What to send for the next page; `nil` if there is none, or none that can be asked for.
    package var next: String?
    /// Whether the provider has no orders beyond this page.
    package var isLast: Bool

    /// - Parameter times: when each order of the page was made, in the page's order; `nil` for one that does not say.
    package init(entries: [Entry], times: [Double?], next: String? = nil, isLast: Bool) {
        self.entries = entries
        let known = times.compactMap(\.self)
        let isFalling = zip(known, known.dropFirst()).allSatisfy { $0 >= $1 }
        oldest = known.count == times.count && isFalling ? known.last : nil
        self.next = next
        self.isLast = isLast
    }
}
