// SPDX-License-Identifier: Apache-2.0

import HTTP
import Synchronization

/// Assigns orders to requests, so that an order found in a provider's list is not taken for two equal requests.
///
/// Claims are shared by this process, and by its replicas if they use a shared store of claims.
package struct OrderClaims: Sendable {
    /// The maximum number of claims in memory; only recent orders are searched for.
    private static let maximum = 2000
    private static let claimed = Mutex<[String]>([])

    private let claimShared: @Sendable (String) -> Bool
    private let isSharedClaim: @Sendable (String) -> Bool

    /// Creates claims; without arguments they are those of this process alone.
    ///
    /// - Parameters:
    ///   - claim: Claims an order by its URL in the shared store; returns `false` if another request has claimed it.
    ///   - isClaimed: Whether any request has claimed an order in the shared store.
    package init(
        claim: @escaping @Sendable (String) -> Bool = { _ in true },
        isClaimed: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        claimShared = claim
        isSharedClaim = isClaimed
    }

    /// Claims an order.
    ///
    /// - Returns: `false` if another request has claimed it.
    func claim(_ id: OrderID, of api: some OrderAPI) -> Bool {
        // IDs are unique per server only, the status URL is unique.
        guard let url = try? api.statusRequest(id).url else { return false }
        let isFirst = Self.claimed.withLock { claimed in
            guard !claimed.contains(url) else { return false }
            claimed.append(url)
            if claimed.count > Self.maximum { claimed.removeFirst() }
            return true
        }
        return isFirst && claimShared(url)
    }

    /// Whether any request has claimed an order.
    func isClaimed(_ id: OrderID, of api: some OrderAPI) -> Bool {
        guard let url = try? api.statusRequest(id).url else { return false }
        return Self.claimed.withLock { $0.contains(url) } || isSharedClaim(url)
    }
}
