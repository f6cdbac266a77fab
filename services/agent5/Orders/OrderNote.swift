import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSON
import Providers
import Synchronization

/// The orders of one clip, on disk before they are sent and until the outcome of the call is stored: a process that ends with an
/// order under way is followed by one that continues the same order and counts its price.
final class OrderNote: OrderMemory {
    struct Order: Codable, Sendable {
        var price: USD
        /// Seconds since 1970.
        var sentAt: Double
        /// The provider's id, if it accepted the order.
        var id: String?
        /// How it ended, if it brought nothing.
        var fate: OrderFate?
        /// Whether it certainly brought nothing, so that another order may follow.
        var isRepeatable: Bool?
    }

    private struct Entry: Codable {
        var orders: [Order]?
        /// Of one order, as earlier versions stored it.
        var id: String?
    }

    private struct State {
        var orders: [Order]
        /// Whether the order that an earlier process left is dealt with.
        var hasContinued = false
        var hold: KeyHold?
    }

    private let key: ContentKey
    private let call: String
    private let folder: String
    private let path: String
    private let price: USD
    private let state: Mutex<State>

    /// Waits while another call sends an order for the same clip.
    ///
    /// - Parameters:
    ///   - folder: exists, and is shared by the replicas of this machine.
    ///   - key: of the job and all that makes the clip what it is.
    ///   - call: names the call of the lead.
    ///   - price: of one order.
    init(folder: String, key: ContentKey, call: String, price: USD) async throws {
        self.folder = folder
        path = "\(folder)/\(key.text).order"
        (self.key, self.call, self.price) = (key, call, price)
        let hold = try await KeyHold.wait(for: "\(path).lock")
        let orders = Self.orders(at: path, price: price)
        state = Mutex(State(orders: orders, hold: hold))
        if case .accepted = unsettled { release() }
    }

    /// Whether orders of a process that ended are stored for a clip.
    static func exists(folder: String, key: ContentKey) -> Bool {
        !orders(at: "\(folder)/\(key.text).order", price: .zero).isEmpty
    }

    /// A value for the header `Idempotency-Key`: the same until the provider has answered with an order. Another call of the lead
    /// wants a clip of its own.
    var headerKey: String {
        let answered = state.withLock { state in state.orders.count { $0.id != nil } }
        return String(ContentKey(["order": key.text, "call": call, "answered": "\(answered)"]).text.prefix(32))
    }

    /// What orders of earlier processes cost, or may have cost, that brought nothing.
    var losses: [(price: USD, fate: OrderFate)] {
        state.withLock { $0.orders }.compactMap { order in order.fate.map { (order.price, $0) } }
    }

    /// Whether an earlier process had an order that may have been taken, so that none may follow.
    var isSpent: Bool {
        state.withLock { $0.orders.last }.map { $0.fate != nil && $0.isRepeatable == false } ?? false
    }

    // MARK: - OrderMemory

    var claims: OrderClaims {
        let files = ClaimFiles(folder: folder, owner: "\(key.text) \(call)")
        return OrderClaims(claim: { files.claim($0) }, isClaimed: { files.isClaimed($0) })
    }

    var unsettled: UnsettledOrder? {
        state.withLock { state in
            guard !state.hasContinued, let order = state.orders.last, order.fate == nil else { return nil }
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
        // An order whose id cannot be noted is looked for in the provider's list after a restart.
        update { $0.id = id.text }
        release()
    }

    // MARK: -

    /// The order brought nothing. The next one is a new order.
    ///
    /// - Parameter isRepeatable: whether there may be a next one.
    func settle(_ fate: OrderFate, isRepeatable: Bool) {
        update {
            $0.fate = fate
            $0.isRepeatable = isRepeatable
        }
        state.withLock { $0.hasContinued = true }
        release()
    }

    /// The outcome of the call is stored.
    func forget() {
        unlink(path)
        release()
    }

    private func update(_ change: (inout Order) -> Void) {
        let orders = state.withLock { state in
            if let last = state.orders.indices.last, state.orders[last].fate == nil { change(&state.orders[last]) }
            return state.orders
        }
        try? store(orders)
    }

    private func store(_ orders: [Order]) throws(ServiceError) {
        let text: Data
        do {
            text = try JSONCoding.encode(Entry(orders: orders))
        } catch {
            throw ServiceError(.internal, "an order cannot be noted: \(error)")
        }
        try DurableFile.write(text, to: path)
    }

    private func release() { state.withLock { $0.hold = nil } }

    private static func orders(at path: String, price: USD) -> [Order] {
        guard let text = FileManager.default.contents(atPath: path),
            let entry = try? JSONCoding.decode(Entry.self, from: text)
        else { return [] }
        if let orders = entry.orders { return orders }
        return entry.id.map { [Order(price: price, sentAt: 0, id: $0)] } ?? []
    }
}

/// The notes of one call, forgotten when its outcome is stored.
final class CallNotes: Sendable {
    private let notes = Mutex<[OrderNote]>([])

    func add(_ note: OrderNote) { notes.withLock { $0.append(note) } }

    func forget() {
        for note in notes.withLock({ $0 }) { note.forget() }
    }
}
