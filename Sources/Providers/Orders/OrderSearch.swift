import FoundationEssentials
import HTTP
import Retry
import Untrusted

/// Looks for an order whose answer was lost in the provider's list of orders.
struct OrderSearch<API: OrderAPI>: Sendable {
    /// How often the list is read: an order appears in it a moment after it was taken.
    private static var looks: Int { 3 }
    private static var maximumPages: Int { 5 }

    /// Seconds by which the clock that an order's time is from may be behind.
    private static var doubt: Double { 120 }

    enum Finding {
        case found(OrderReport)
        /// The list reaches back to the moment, and has no order that can be the one.
        case absent
        /// There is no list, it cannot be read, or it does not show enough.
        case unclear
    }

    let api: API
    let http: HTTPClient
    let pauses: OrderPauses
    let claims: OrderClaims

    /// - Parameter moment: when the order was sent, in seconds since 1970 by this machine's clock.
    /// - Throws: `CancellationError`.
    func find(since moment: Double) async throws -> Finding {
        var last = Finding.unclear
        var backoff = Backoff(first: .clamping(seconds: pauses.first), longest: .seconds(3600))
        for _ in 0..<Self.looks {
            guard (try? api.list(page: nil)) != nil else { return .unclear }
            try await Task.sleep(for: backoff.next())
            last = await search(since: moment)
            if case .found = last { return last }
        }
        return last
    }

    private func search(since moment: Double) async -> Finding {
        var page: String?
        var isClear = true
        for _ in 0..<Self.maximumPages {
            guard let request = try? api.list(page: page), let response = try? await http.send(request),
                response.isSuccess, let list = api.listed(response)
            else { return .unclear }
            let earliest = Self.earliest(moment, response)
            for entry in list.entries {
                let created = entry.createdAt
                if let report = entry.report, entry.isSame, let created, created >= earliest,
                    claims.claim(report.id, of: api)
                {
                    return .found(report)
                }
                // An order since the moment may be this one, whoever has its id: servers that start again count from the start.
                let time = created ?? earliest
                let isExplained = time < earliest && entry.report.map { claims.has($0.id, of: api) } ?? false
                if time >= earliest - Self.doubt, !isExplained { isClear = false }
            }
            let isComplete = list.isLast || list.oldest.map { $0 < earliest - Self.doubt } ?? false
            if isComplete { return isClear ? .absent : .unclear }
            guard let next = list.next, next != page else { return .unclear }
            page = next
        }
        return .unclear
    }

    /// A moment of this machine's clock by the provider's, as far as its answer shows that one.
    private static func earliest(_ moment: Double, _ response: HTTPResponse) -> Double {
        guard let there = response.headers["date"].flatMap(HTTPDate.seconds) else { return moment - 60 }
        return moment + (there - Date().timeIntervalSince1970) - 2
    }
}
