// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTP
import Retry
import Untrusted

/// Searches the provider's list of orders for an order whose response was lost.
struct OrderSearch<API: OrderAPI>: Sendable {
    /// How often the list is read: a new order may appear in it with a delay.
    private static var attempts: Int { 3 }
    private static var maximumPages: Int { 5 }

    /// The uncertainty of an order's creation time, in seconds.
    private static var clockTolerance: Double { 120 }

    enum Finding {
        case found(OrderReport)
        /// The list reaches back to the time at which the order was sent, and contains no order that can be this one.
        case absent
        /// There is no list, it cannot be read, or it does not show enough.
        case unclear
    }

    /// The result of one page.
    enum PageResult {
        case found(OrderReport)
        /// The order is not on this page.
        ///
        /// - Parameters:
        ///   - isClear: Whether the page shows that none of its orders can be this one.
        ///   - reachesBack: Whether older pages cannot contain the order.
        case notFound(isClear: Bool, reachesBack: Bool)
    }

    let api: API
    let http: HTTPClient
    let intervals: OrderPollingIntervals
    let claims: OrderClaims

    /// Searches the list, and retries until the order appears.
    ///
    /// - Parameter sentAt: When the order was sent, in seconds since 1970 by this machine's clock.
    /// - Throws: `CancellationError`.
    func find(since sentAt: Double) async throws -> Finding {
        var last = Finding.unclear
        var backoff = Backoff(first: .clamping(seconds: intervals.first), longest: .seconds(3600))
        for _ in 0..<Self.attempts {
            guard (try? api.listRequest(page: nil)) != nil else { return .unclear }
            try await Task.sleep(for: backoff.next())
            last = await search(since: sentAt)
            if case .found = last { return last }
        }
        return last
    }

    private func search(since sentAt: Double) async -> Finding {
        var page: String?
        var isClear = true
        for _ in 0..<Self.maximumPages {
            guard let request = try? api.listRequest(page: page), let response = try? await http.send(request),
                response.isSuccess, let list = api.orderList(response)
            else { return .unclear }
            switch examine(list, earliest: Self.earliest(sentAt, response)) {
            case .found(let report): return .found(report)
            case .notFound(let isPageClear, let reachesBack):
                isClear = isClear && isPageClear
                if reachesBack { return isClear ? .absent : .unclear }
            }
            guard let next = list.next, next != page else { return .unclear }
            page = next
        }
        return .unclear
    }

    /// Searches one page, and claims the order if it is found.
    ///
    /// - Parameter earliest: The earliest creation time of the order, in seconds since 1970 by the provider's clock.
    func examine(_ list: OrderList, earliest: Double) -> PageResult {
        var isClear = true
        for entry in list.entries {
            let created = entry.createdAt
            if let report = entry.report, entry.isMatch, let created, created >= earliest,
                claims.claim(report.id, of: api)
            {
                return .found(report)
            }
            // A later order may be this one even if its ID is claimed: servers that restart may reuse IDs.
            let time = created ?? earliest
            let isExplained = time < earliest && entry.report.map { claims.isClaimed($0.id, of: api) } ?? false
            if time >= earliest - Self.clockTolerance, !isExplained { isClear = false }
        }
        let reachesBack = list.isLast || list.oldest.map { $0 < earliest - Self.clockTolerance } ?? false
        return .notFound(isClear: isClear, reachesBack: reachesBack)
    }

    /// Converts a time of this machine's clock to the provider's clock, as far as the response shows that clock.
    private static func earliest(_ sentAt: Double, _ response: HTTPResponse) -> Double {
        guard let providerTime = response.headers["date"].flatMap(HTTPDate.seconds) else { return sentAt - 60 }
        return sentAt + (providerTime - Date().timeIntervalSince1970) - 2
    }
}
