// SPDX-License-Identifier: Apache-2.0

/// One page of a provider's list of orders, newest first.
package struct OrderList: Sendable {
    /// An order of the list that is, or may be, the one that is searched for.
    package struct Entry: Sendable {
        /// The order's status; `nil` if the list does not show it.
        package var report: OrderReport?
        /// The creation time in seconds since 1970 by the provider's clock; `nil` if the list does not show it.
        package var createdAt: Double?
        /// Whether model and input are equal to those of the order that is searched for. If `false`, the list does not show whether
        /// they are.
        package var isMatch: Bool

        /// - Parameters:
        ///   - report: The order's status; `nil` if the list does not show it.
        ///   - createdAt: The creation time in seconds since 1970 by the provider's clock.
        ///   - isMatch: Whether model and input are equal to those of the order that is searched for.
        package init(report: OrderReport?, createdAt: Double?, isMatch: Bool = true) {
            self.report = report
            self.createdAt = createdAt
            self.isMatch = isMatch
        }
    }

    /// The orders of this page that are, or may be, the one that is searched for.
    package var entries: [Entry]
    /// The creation time of the oldest order of the page, in seconds since 1970 by the provider's clock; `nil` if the page does not
    /// show all times, or is not in descending order.
    package var oldest: Double?
    /// The argument of `OrderAPI.listRequest(page:)` for the next page; `nil` if there is none, or if it cannot be requested.
    package var next: String?
    /// Whether there are no orders beyond this page.
    package var isLast: Bool

    /// - Parameters:
    ///   - entries: The orders of this page that are, or may be, the one that is searched for.
    ///   - times: The creation times of all orders of the page, in the page's order; `nil` for an order without one.
    ///   - next: The argument of `OrderAPI.listRequest(page:)` for the next page.
    ///   - isLast: Whether there are no orders beyond this page.
    package init(entries: [Entry], times: [Double?], next: String? = nil, isLast: Bool) {
        self.entries = entries
        let known = times.compactMap(\.self)
        let isDescending = zip(known, known.dropFirst()).allSatisfy { $0 >= $1 }
        oldest = known.count == times.count && isDescending ? known.last : nil
        self.next = next
        self.isLast = isLast
    }
}
