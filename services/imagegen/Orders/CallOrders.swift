// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Providers
import Synchronization

/// The orders of one call of `imagegen.generate`.
///
/// Each order must fit the call's `max_cost_usd`, is stored before it is sent, and its charge is recorded when its end is known,
/// before anything else is ordered.
///
/// The stored orders prevent an unnoticed second purchase after a crash: when the call is repeated after a restart, `settlePending`
/// continues the order that was in progress. If its provider cannot continue it, its price is recorded as unknown, is reported to the
/// caller and counts against the limit.
///
/// ```swift
/// try orders.open("openai", model: model, price: price)
/// ...  // send the order
/// orders.recordDelivery()  // or orders.close(chargeStatus)
/// ```
final class CallOrders: Sendable {
    /// The cost of orders that delivered nothing usable.
    struct Loss: Sendable {
        /// The cost of billed orders.
        var wasted = USD.zero
        /// The cost of orders that may have been billed.
        var unknown = USD.zero
        var total: USD { wasted + unknown }
    }

    /// The provider code of an order that does not fit `max_cost_usd`.
    static let limitCode = "max_cost_usd"
    /// Added to `attempt` for each process that ended with an order in progress; such an end is not the provider's failure.
    private static let processEnd = 1000

    /// Whether the caller records each loss before the next order, and continues with `attempt`.
    let isStepwise: Bool
    private let limit: USD?
    private let key: String
    private let attempt: Int
    /// The folder of claims, shared by the replicas of this machine.
    private let claimFolder: String?
    private let save: @Sendable (OrderRecord) throws(ServiceError) -> Void
    private let state: Mutex<State>

    private struct State {
        var record: OrderRecord
        var loss = Loss()
        /// The index of the order in progress in the record.
        var current: Int?
        /// The index of an order that an earlier process left in progress and that can be continued.
        var pending: Int?
        /// Whether the current order was sent by an earlier process.
        var isContinued = false
        /// The index in the chain of the first provider to call.
        var firstIndex: Int
        /// The index in the chain of the current provider.
        var providerIndex: Int
    }

    /// - Parameters:
    ///   - request: The parameters of the call.
    ///   - record: The stored orders of the call's idempotency key.
    ///   - claimFolder: The folder of claims; `nil` for claims of this process alone.
    ///   - save: Stores a record durably.
    init(
        _ request: GenerateImage, record: OrderRecord = OrderRecord(), claimFolder: String? = nil,
        save: @escaping @Sendable (OrderRecord) throws(ServiceError) -> Void = { _ throws(ServiceError) in }
    ) {
        isStepwise = request.attempt != nil
        limit = request.maxCost
        key = request.idempotencyKey ?? UUID().uuidString
        attempt = request.attempt ?? 0
        self.claimFolder = claimFolder
        self.save = save
        let index = attempt % Self.processEnd / 2
        var loss = Loss()
        for order in record.orders where order.isReported == false { Self.count(order, &loss) }
        state = Mutex(State(record: record, loss: loss, firstIndex: index, providerIndex: index))
    }

    // MARK: - State of the call

    var loss: Loss { state.withLock { $0.loss } }

    /// The index in the chain of the first provider to call.
    var firstIndex: Int { state.withLock { $0.firstIndex } }

    /// Selects a provider of the chain.
    func select(providerAt index: Int) { state.withLock { $0.providerIndex = index } }

    /// The number of orders that earlier calls sent to the provider.
    var previousAttempts: Int {
        state.withLock { $0.providerIndex == attempt % Self.processEnd / 2 ? attempt % Self.processEnd % 2 : 0 }
    }

    /// The `attempt` of the second order to the provider.
    var secondAttempt: Int { nextAttempt(at: state.withLock { $0.providerIndex }) + 1 }

    /// The `attempt` of the first order to a provider of the chain.
    func nextAttempt(at index: Int) -> Int { attempt / Self.processEnd * Self.processEnd + index * 2 }

    /// The pause in seconds that the provider asked for after the preceding attempt.
    var requestedPause: Double? { state.withLock { $0.record.failures[attempt - 1]?.retryAfter } }

    /// Returns the stored failure of this attempt, whose reply may have been lost.
    ///
    /// A caller that does not record losses itself gets it once, and may retry afterwards.
    func takeFailure() -> ServiceError? {
        let (failure, record) = state.withLock { state in
            let failure = state.record.failures[attempt]
            if !isStepwise { state.record.failures[attempt] = nil }
            return (failure, state.record)
        }
        if failure != nil, !isStepwise { try? save(record) }
        return failure
    }

    /// The value of the header `Idempotency-Key`: the same until the provider has responded.
    func headerKey(_ provider: String) -> String {
        let answered = state.withLock { state in
            state.record.orders.count { $0.provider == provider && ($0.state == .billed || $0.state == .delivered) }
        }
        return String(ContentKey(["key": key, "provider": provider, "answered": "\(answered)"]).text.prefix(32))
    }

    /// Whether a cached image was bought by an order of this key whose cost no reply has reported.
    func owns(_ order: String?) -> Bool {
        guard let order else { return false }
        return state.withLock { state in state.record.orders.contains { $0.id == order } }
    }

    /// The ID of the order in progress, or of the last one.
    var currentOrder: String? { state.withLock { $0.record.orders.last?.id } }

    /// The cost of images that were received and not passed on.
    var undeliveredCost: USD {
        state.withLock { state in
            state.record.orders.reduce(.zero) { $1.state == .delivered ? $0 + $1.price : $0 }
        }
    }

    // MARK: - Orders

    /// Whether another order at a price fits the call's `max_cost_usd`.
    func fits(_ price: USD) -> Bool {
        guard let limit, price > .zero else { return true }
        return loss.total + price <= limit
    }

    /// Stores an order that is about to be sent, or continues the provider's order of an earlier process.
    ///
    /// - Parameters:
    ///   - provider: The provider's name.
    ///   - model: The model.
    ///   - price: The price of the order.
    /// - Throws: `quota_exhausted` if the order does not fit the call's `max_cost_usd`; `unavailable` if it cannot be stored.
    func open(_ provider: String, model: String, price: USD) throws(ServiceError) {
        let isContinued = state.withLock { state in
            guard let pending = state.pending, state.record.orders[pending].provider == provider else {
                state.isContinued = false
                return false
            }
            (state.current, state.pending, state.isContinued) = (pending, nil, true)
            return true
        }
        if isContinued { return }
        guard fits(price) else {
            throw ServiceError(
                .quotaExhausted,
                "\(provider) is not called: an image for \(price.text) would exceed the limit max_cost_usd of "
                    + "\((limit ?? .zero).text)", provider: provider, providerCode: Self.limitCode)
        }
        let record = state.withLock { state in
            state.record.orders.append(
                OrderRecord.Order(
                    id: UUID().uuidString, provider: provider, model: model, price: price, state: .sent,
                    sentAt: Date().timeIntervalSince1970))
            state.current = state.record.orders.count - 1
            return state.record
        }
        do {
            try save(record)
        } catch {
            state.withLock { state in
                state.record.orders.removeLast()
                state.current = nil
            }
            throw error
        }
    }

    /// Records that the image is stored on this machine.
    func recordDelivery() { finish(.delivered) }

    /// Records the charge status of an order that delivered nothing usable.
    func close(_ chargeStatus: ChargeStatus) {
        switch chargeStatus {
        case .refused: finish(.refused)
        case .unknown: finish(.unknown)
        case .billed: finish(.billed)
        }
    }

    private func finish(_ end: OrderRecord.Order.State) {
        let record = state.withLock { state -> OrderRecord? in
            guard let current = state.current else { return nil }
            state.current = nil
            Self.end(&state.record.orders[current], end, &state.loss)
            return state.record
        }
        // An order whose end cannot be stored stays `sent`, and counts as unknown after a restart.
        if let record { try? save(record) }
    }

    private static func end(
        _ order: inout OrderRecord.Order, _ end: OrderRecord.Order.State, _ loss: inout Loss
    ) {
        order.state = end
        order.isReported = end == .refused ? nil : false
        count(order, &loss)
    }

    private static func count(_ order: OrderRecord.Order, _ loss: inout Loss) {
        if order.state == .billed { loss.wasted += order.price }
        if order.state == .unknown { loss.unknown += order.price }
    }

    /// Settles the orders that were in progress, or not reported, when an earlier process ended: continues one if possible, and
    /// records the cost of the others.
    ///
    /// - Parameters:
    ///   - isPaid: Whether an order's image is stored on this machine.
    ///   - providerIndex: The index in the chain of the provider that continues an order; `nil` if none can.
    /// - Returns: The failure to reply with, for a caller that records losses itself.
    func settlePending(
        isPaid: (OrderRecord.Order) -> Bool, providerIndex: (OrderRecord.Order) -> Int?
    ) -> ServiceError? {
        let isChanged = state.withLock { state -> Bool in
            var isChanged = false
            for index in state.record.orders.indices {
                let order = state.record.orders[index]
                switch order.state {
                case .sent:
                    let isDelivered = isPaid(order)
                    if !isDelivered, let providerIndex = providerIndex(order) {
                        state.pending = index
                        (state.firstIndex, state.providerIndex) = (providerIndex, providerIndex)
                        continue
                    }
                    Self.end(&state.record.orders[index], isDelivered ? .delivered : .unknown, &state.loss)
                case .delivered where order.isReported == false && !isPaid(order):
                    // The process ended before the image was cached.
                    Self.end(&state.record.orders[index], .billed, &state.loss)
                default: continue
                }
                isChanged = true
            }
            return isChanged
        }
        if isChanged { try? save(state.withLock { $0.record }) }
        let lost = state.withLock { $0.record.orders.last { $0.isReported == false && $0.state != .delivered } }
        return lost.flatMap { processEndFailure($0.provider) }
    }

    /// The failure to reply with after an order whose charge status is unknown because its process ended.
    ///
    /// - Returns: `nil` if the caller does not record losses, or if there are none.
    func processEndFailure(_ provider: String) -> ServiceError? {
        guard isStepwise, loss.total > .zero else { return nil }
        var failure = ServiceError(
            .unavailable, "imagegen exited while \(provider) was drawing; the image may have been billed",
            retryable: true, provider: provider, providerCode: LostOrder.code)
        failure.nextAttempt = attempt + Self.processEnd
        return failure
    }

    /// Whether an order of an earlier process at a provider can be continued.
    func hasPendingOrder(of provider: String) -> Bool {
        state.withLock { state in state.pending.map { state.record.orders[$0].provider == provider } ?? false }
    }

    /// Whether the current order was sent by an earlier process.
    var isContinued: Bool { state.withLock { $0.isContinued } }

    /// Stores a failure, so that a caller that lost the reply gets the same failure.
    func store(_ failure: ServiceError) {
        let record = state.withLock { state in
            state.record.failures[attempt] = failure
            Self.markReported(&state.record, isDelivered: false)
            return state.record
        }
        try? save(record)
    }

    /// Records that the reply reports the cost of the orders that have ended.
    ///
    /// - Parameter isDelivered: Whether the reply contains the image too.
    func markReported(isDelivered: Bool) {
        let record = state.withLock { state in
            Self.markReported(&state.record, isDelivered: isDelivered) ? state.record : nil
        }
        if let record { try? save(record) }
    }

    /// - Returns: `true` if the record changed.
    @discardableResult
    private static func markReported(_ record: inout OrderRecord, isDelivered: Bool) -> Bool {
        var isChanged = false
        for index in record.orders.indices where record.orders[index].isReported == false {
            guard isDelivered || record.orders[index].state != .delivered else { continue }
            record.orders[index].isReported = true
            isChanged = true
        }
        return isChanged
    }
}

/// The interface for the code that polls the order in progress.
extension CallOrders: OrderStore {
    var pendingOrder: PendingOrder? {
        state.withLock { state in
            guard state.isContinued, let current = state.current else { return nil }
            let order = state.record.orders[current]
            if let id = order.reference.flatMap({ OrderID($0) }) { return .accepted(id) }
            return .sent(at: order.sentAt ?? 0)
        }
    }

    /// The status URLs of the continued order.
    var statusURLs: [String]? {
        state.withLock { state in
            guard state.isContinued, let current = state.current else { return nil }
            return state.record.orders[current].places
        }
    }

    var claims: OrderClaims {
        let order = state.withLock { state in state.current.map { state.record.orders[$0].id } }
        guard let claimFolder, let order else { return OrderClaims() }
        let files = ClaimFiles(folder: claimFolder, owner: order)
        return OrderClaims(claim: { files.claim($0) }, isClaimed: { files.isClaimed($0) })
    }

    /// Does nothing: `open` has stored the order.
    func sending() {}

    func accepted(_ id: OrderID) { accepted(id, at: nil) }

    /// Stores the ID of an accepted order.
    ///
    /// - Parameter statusURLs: The status URLs of the order, if they are not the usual ones of the API.
    func accepted(_ id: OrderID, at statusURLs: [String]?) {
        let record = state.withLock { state -> OrderRecord? in
            guard let current = state.current else { return nil }
            state.record.orders[current].reference = id.text
            state.record.orders[current].places = statusURLs
            return state.record
        }
        // An order whose ID cannot be stored is searched for in the provider's list after a restart, if there is one.
        if let record { try? save(record) }
    }
}
