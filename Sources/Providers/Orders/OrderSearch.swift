import FoundationEssentials
import HTTP
import JSONRPC
import Untrusted

/// Looks for an order whose answer was lost in the provider's list of orders.
struct OrderSearch<API: OrderAPI>: Sendable {
    /// How often the list is read: an order appears in it a moment after it was taken.
    private static var looks: Int { 3 }
    private static var maximumPages: Int { 5 }

    let api: API
    let http: HTTPClient
    let pauses: OrderPauses

    /// - Parameter moment: when the order was sent, in seconds since 1970 by this machine's clock.
    /// - Returns: `nil` if it is not there, or there is no list.
    /// - Throws: `CancellationError`.
    func find(since moment: Double) async throws -> OrderReport? {
        for look in 0..<Self.looks {
            guard (try? api.list(page: nil)) != nil else { return nil }
            try await Task.sleep(for: .clamping(seconds: pauses.first * Double(1 << look)))
            if let report = await search(since: moment) { return report }
        }
        return nil
    }

    private func search(since moment: Double) async -> OrderReport? {
        var page: String?
        for _ in 0..<Self.maximumPages {
            guard let request = try? api.list(page: page), let response = try? await http.send(request),
                response.isSuccess, let list = api.listed(response)
            else { return nil }
            let earliest = Self.earliest(moment, response)
            for entry in list.entries {
                guard let created = entry.createdAt, created >= earliest,
                    OrderClaims.shared.claim(entry.report.id, of: api)
                else { continue }
                return entry.report
            }
            guard let next = list.next, next != page else { return nil }
            page = next
        }
        return nil
    }

    /// A moment of this machine's clock by the provider's, as far as its answer shows that one.
    private static func earliest(_ moment: Double, _ response: HTTPResponse) -> Double {
        guard let there = response.headers["date"].flatMap(HTTPDate.seconds) else { return moment - 60 }
        return moment + (there - Date().timeIntervalSince1970) - 2
    }
}
