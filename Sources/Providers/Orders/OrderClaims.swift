import HTTP
import Synchronization

/// The orders that wishes have, so that an order found in a provider's list is not taken for two wishes that are equal: those of
/// this process, and those of its replicas if they share a store of claims.
package struct OrderClaims: Sendable {
    /// Orders that are remembered; the list is searched for recent orders only.
    private static let maximum = 2000
    private static let claimed = Mutex<[String]>([])

    private let claimShared: @Sendable (String) -> Bool
    private let isShared: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - claim: claims an order by its URL. Returns `false` if another wish has it.
    ///   - isClaimed: whether a wish has an order.
    package init(
        claim: @escaping @Sendable (String) -> Bool = { _ in true },
        isClaimed: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        claimShared = claim
        isShared = isClaimed
    }

    /// - Returns: `false` if another wish has the order.
    func claim(_ id: OrderID, of api: some OrderAPI) -> Bool {
        // Ids are unique at one server.
        guard let place = try? api.question(id).url else { return false }
        let isFirst = Self.claimed.withLock { claimed in
            guard !claimed.contains(place) else { return false }
            claimed.append(place)
            if claimed.count > Self.maximum { claimed.removeFirst() }
            return true
        }
        return isFirst && claimShared(place)
    }

    /// Whether a wish has the order.
    func has(_ id: OrderID, of api: some OrderAPI) -> Bool {
        guard let place = try? api.question(id).url else { return false }
        return Self.claimed.withLock { $0.contains(place) } || isShared(place)
    }
}
