// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSON
import Providers
import Synchronization

/// Stores the orders of one clip, from before they are sent until the outcome of the call is stored.
///
/// If the process ends with an order in progress, the next process continues the same order and counts its price.
final class ClipOrderStore: OrderStore {
    /// An order, as it is stored.
    struct Order: Codable, Sendable {
        var price: USD
        /// When the order was sent, in seconds since 1970.
        var sentAt: Double
        /// The provider's ID, once the order is accepted.
        var id: String?
        /// What is known of the charge, if the order delivered nothing usable.
        var chargeStatus: ChargeStatus?
        /// Whether the order certainly delivered nothing, so that another one may follow.
        var isRepeatable: Bool?

        private enum CodingKeys: String, CodingKey {
            case price, sentAt, id, isRepeatable
            case chargeStatus = "fate"
        }
    }

    private struct Entry: Codable {
        var orders: [Order]?
        /// The ID of the only order, as earlier versions stored it.
        var id: String?
    }

    private struct State {
        var orders: [Order]
        /// Whether the pending order of an earlier process was settled.
        var isPendingSettled = false
        var lock: KeyLock?
    }

    private let key: ContentKey
    private let call: String
    private let folder: String
    private let path: String
    private let price: USD
    private let state: Mutex<State>

    /// Opens the store; waits while another call sends an order for the same clip.
    ///
    /// - Parameters:
    ///   - folder: The folder of the files; it must exist, and is shared by the replicas of this machine.
    ///   - key: The key of the job and of everything that determines the clip.
    ///   - call: The name of the call.
    ///   - price: The price of one order.
    init(folder: String, key: ContentKey, call: String, price: USD) async throws {
        self.folder = folder
        path = "\(folder)/\(key.text).order"
        (self.key, self.call, self.price) = (key, call, price)
        let lock = try await KeyLock.acquire("\(path).lock")
        let orders = Self.orders(at: path, price: price)
        state = Mutex(State(orders: orders, lock: lock))
        if case .accepted = pendingOrder { unlock() }
    }

    /// Whether orders of an earlier process are stored for a clip.
    static func exists(folder: String, key: ContentKey) -> Bool {
        !orders(at: "\(folder)/\(key.text).order", price: .zero).isEmpty
    }

    /// The value of the header `Idempotency-Key`: the same until the provider has accepted an order, and different for another
    /// call.
    var headerKey: String {
        let answered = state.withLock { state in state.orders.count { $0.id != nil } }
        return String(ContentKey(["order": key.text, "call": call, "answered": "\(answered)"]).text.prefix(32))
    }

    /// The prices of the orders of earlier processes that delivered nothing usable, with their charge status.
    var losses: [(price: USD, chargeStatus: ChargeStatus)] {
        state.withLock { $0.orders }.compactMap { order in order.chargeStatus.map { (order.price, $0) } }
    }

    /// Whether an order of an earlier process may have been accepted, so that none may follow.
    var isBlocked: Bool {
        state.withLock { $0.orders.last }.map { $0.chargeStatus != nil && $0.isRepeatable == false } ?? false
    }

    // MARK: - OrderStore

    var claims: OrderClaims {
        let files = ClaimFiles(folder: folder, owner: "\(key.text) \(call)")
        return OrderClaims(claim: { files.claim($0) }, isClaimed: { files.isClaimed($0) })
    }

    var pendingOrder: PendingOrder? {
        state.withLock { state in
            guard !state.isPendingSettled, let order = state.orders.last, order.chargeStatus == nil else { return nil }
            guard let text = order.id else { return .sent(at: order.sentAt) }
            return OrderID(text).map { .accepted($0) } ?? .sent(at: order.sentAt)
        }
    }

    func sending() throws(ServiceError) {
        let orders = state.withLock { state in
            state.orders.append(Order(price: price, sentAt: Date().timeIntervalSince1970))
            return state.orders
        }
        do {
            try store(orders)
        } catch {
            state.withLock { state in _ = state.orders.popLast() }
            throw error
        }
    }

    func accepted(_ id: OrderID) {
        // An order whose ID cannot be stored is searched for in the provider's list after a restart.
        update { $0.id = id.text }
        unlock()
    }

    // MARK: -

    /// Settles an order that delivered nothing usable. The next order is a new one.
    ///
    /// - Parameters:
    ///   - chargeStatus: What is known of the charge.
    ///   - isRepeatable: Whether another order may follow.
    func settle(_ chargeStatus: ChargeStatus, isRepeatable: Bool) {
        update {
            $0.chargeStatus = chargeStatus
            $0.isRepeatable = isRepeatable
        }
        state.withLock { $0.isPendingSettled = true }
        unlock()
    }

    /// Removes the orders, once the outcome of the call is stored.
    func remove() {
        unlink(path)
        unlock()
    }

    private func update(_ change: (inout Order) -> Void) {
        let orders = state.withLock { state in
            if let last = state.orders.indices.last, state.orders[last].chargeStatus == nil {
                change(&state.orders[last])
            }
            return state.orders
        }
        try? store(orders)
    }

    private func store(_ orders: [Order]) throws(ServiceError) {
        let text: Data
        do {
            text = try JSONCoding.encode(Entry(orders: orders))
        } catch {
            throw ServiceError(.internal, "an order cannot be stored: \(error)")
        }
        try DurableFile.write(text, to: path)
    }

    private func unlock() { state.withLock { $0.lock = nil } }

    private static func orders(at path: String, price: USD) -> [Order] {
        guard let text = FileManager.default.contents(atPath: path),
            let entry = try? JSONCoding.decode(Entry.self, from: text)
        else { return [] }
        if let orders = entry.orders { return orders }
        return entry.id.map { [Order(price: price, sentAt: 0, id: $0)] } ?? []
    }
}

/// The order stores of one call, removed once its outcome is stored.
final class CallOrderStores: Sendable {
    private let stores = Mutex<[ClipOrderStore]>([])

    func add(_ store: ClipOrderStore) { stores.withLock { $0.append(store) } }

    /// Removes the orders of all stores.
    func removeAll() {
        for store in stores.withLock({ $0 }) { store.remove() }
    }
}
