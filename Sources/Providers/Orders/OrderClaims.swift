import HTTP
import Synchronization

/// The orders of this process, so that an order found in a provider's list is not taken for two wishes that are equal.
final class OrderClaims: Sendable {
    static let shared = OrderClaims()
    /// Orders that are remembered; the list is searched for recent orders only.
    private static let maximum = 2000

    private let claimed = Mutex<[String]>([])

    /// - Returns: `false` if another wish has the order.
    func claim(_ id: OrderID, of api: some OrderAPI) -> Bool {
        // Ids are unique at one server.
        guard let place = try? api.question(id).url else { return false }
        return claimed.withLock { claimed in
            guard !claimed.contains(place) else { return false }
            claimed.append(place)
            if claimed.count > Self.maximum { claimed.removeFirst() }
            return true
        }
    }
}
