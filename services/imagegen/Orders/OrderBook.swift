import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Providers
import Synchronization

/// The orders of one call of `imagegen.generate`: each fits the call's limit, is stored before it is sent, and is booked when
/// its end is known, before anything else is bought.
final class OrderBook: Sendable {
    /// What was bought in vain.
    struct Loss: Sendable {
        var wasted = USD.zero
        var unknown = USD.zero
        var total: USD { wasted + unknown }
    }

    /// What a refusal for want of money has as its provider code.
    static let limitCode = "max_cost_usd"
    /// Added to `attempt` for each process that ended with the order under way: such an end is not the provider's.
    private static let endOfProcess = 1000

    /// Whether the caller books each loss before the next order.
    let isStepwise: Bool
    private let limit: USD?
    private let key: String
    private let attempt: Int
    /// Shared by the replicas of this machine.
    private let claimFolder: String?
    private let save: @Sendable (OrderRecord) throws(ServiceError) -> Void
    private let state: Mutex<State>

    private struct State {
        var record: OrderRecord
        var loss = Loss()
        /// Of the record's orders, the one under way.
        var current: Int?
        /// Of the record's orders, the one that an earlier process left under way and that can be continued.
        var inherited: Int?
        /// Whether the current order is one of an earlier process.
        var isContinued = false
        /// The place in the chain of the provider that is asked first.
        var first: Int
        /// The place in the chain of the provider that is asked.
        var place: Int
    }

    /// - Parameters:
    ///   - record: what was ordered under the call's idempotency key before.
    ///   - claimFolder: where orders are claimed; `nil` for claims of this process alone.
    ///   - save: stores a record durably.
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
        let place = attempt % Self.endOfProcess / 2
        var loss = Loss()
        for order in record.orders where order.isReported == false { Self.count(order, &loss) }
        state = Mutex(State(record: record, loss: loss, first: place, place: place))
    }

    // MARK: - Where the call stands

    var loss: Loss { state.withLock { $0.loss } }

    /// The place in the chain of the provider that is asked first.
    var firstPlace: Int { state.withLock { $0.first } }

    /// Turns to a provider of the chain.
    func turn(to place: Int) { state.withLock { $0.place = place } }

    /// How often the provider was asked by calls before this one.
    var earlierTries: Int {
        state.withLock { $0.place == attempt % Self.endOfProcess / 2 ? attempt % Self.endOfProcess % 2 : 0 }
    }

    /// What to send as `attempt` for the second try of the provider.
    var secondTry: Int { nextAttempt(at: state.withLock { $0.place }) + 1 }

    /// What to send as `attempt` for the first try of a provider of the chain.
    func nextAttempt(at place: Int) -> Int { attempt / Self.endOfProcess * Self.endOfProcess + place * 2 }

    /// Seconds that the provider asked to be left alone for at the end of the try before this one.
    var askedPause: Double? { state.withLock { $0.record.failures[attempt - 1]?.retryAfter } }

    /// A failure of this attempt whose reply may have been lost. A caller that does not book losses itself gets it once, and may
    /// try again after it.
    func takeFailure() -> ServiceError? {
        let (failure, record) = state.withLock { state in
            let failure = state.record.failures[attempt]
            if !isStepwise { state.record.failures[attempt] = nil }
            return (failure, state.record)
        }
        if failure != nil, !isStepwise { try? save(record) }
        return failure
    }

    /// A value for the header `Idempotency-Key`: the same until the provider has answered.
    func headerKey(_ provider: String) -> String {
        let answered = state.withLock { state in
            state.record.orders.count { $0.provider == provider && ($0.state == .billed || $0.state == .delivered) }
        }
        return String(ContentKey(["key": key, "provider": provider, "answered": "\(answered)"]).text.prefix(32))
    }

    /// Whether a picture of the cache was bought by an order of this key, whose price no reply has told.
    func owns(_ order: String?) -> Bool {
        guard let order else { return false }
        return state.withLock { state in state.record.orders.contains { $0.id == order } }
    }

    /// The order under way, or the last one.
    var currentOrder: String? { state.withLock { $0.record.orders.last?.id } }

    /// What pictures cost that came and could not be passed on.
    var undelivered: USD {
        state.withLock { state in
            state.record.orders.reduce(.zero) { $1.state == .delivered ? $0 + $1.price : $0 }
        }
    }

    // MARK: - Orders

    /// Whether another order at a price keeps the call's limit.
    func fits(_ price: USD) -> Bool {
        guard let limit, price > .zero else { return true }
        return loss.total + price <= limit
    }

    /// Stores an order that is about to be sent, or turns to the provider's order of an earlier process.
    ///
    /// - Throws: `quota_exhausted` for one that does not fit the call's limit; `unavailable` if it cannot be stored.
    func open(_ provider: String, model: String, price: USD) throws(ServiceError) {
        let isContinued = state.withLock { state in
            guard let inherited = state.inherited, state.record.orders[inherited].provider == provider else {
                state.isContinued = false
                return false
            }
            (state.current, state.inherited, state.isContinued) = (inherited, nil, true)
            return true
        }
        if isContinued { return }
        guard fits(price) else {
            throw ServiceError(
                .quotaExhausted,
                "\(provider) is not asked: a picture for \(price.text) does not fit the limit of "
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

    /// Notes that the picture is on this machine's disk.
    func delivered() { finish(.delivered) }

    /// Notes how an order ended that brought nothing.
    func close(_ fate: OrderFate) {
        switch fate {
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
        // An order that cannot be noted stays `sent`, and counts as unknown after a restart.
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

    /// Settles the orders of an earlier process that were pending, or not reported, when it ended: one that can be continued is continued,
    /// the cost of the others is booked.
    ///
    /// - Parameters:
    ///   - isPaid: whether an order's picture is on this machine's disk.
    ///   - place: the place in the chain of the provider that continues an order; `nil` if none can.
    /// - Returns: for a caller that books losses, the failure to reply with.
    func settleAbandoned(
        isPaid: (OrderRecord.Order) -> Bool, place: (OrderRecord.Order) -> Int?
    ) -> ServiceError? {
        let isChanged = state.withLock { state -> Bool in
            var isChanged = false
            for index in state.record.orders.indices {
                let order = state.record.orders[index]
                switch order.state {
                case .sent:
                    let isHere = isPaid(order)
                    if !isHere, let place = place(order) {
                        state.inherited = index
                        (state.first, state.place) = (place, place)
                        continue
                    }
                    Self.end(&state.record.orders[index], isHere ? .delivered : .unknown, &state.loss)
                case .delivered where order.isReported == false && !isPaid(order):
                    // The process ended before the picture was in the cache.
                    Self.end(&state.record.orders[index], .billed, &state.loss)
                default: continue
                }
                isChanged = true
            }
            return isChanged
        }
        if isChanged { try? save(state.withLock { $0.record }) }
        let lost = state.withLock { $0.record.orders.last { $0.isReported == false && $0.state != .delivered } }
        return lost.flatMap { lostWithProcess($0.provider) }
    }

    /// The failure to reply with after an order whose fate nobody knows, because its process ended.
    ///
    /// - Returns: `nil` if the caller does not book losses, or there are none.
    func lostWithProcess(_ provider: String) -> ServiceError? {
        guard isStepwise, loss.total > .zero else { return nil }
        var failure = ServiceError(
            .unavailable, "imagegen ended while \(provider) drew; the picture may have been billed",
            retryable: true, provider: provider, providerCode: OrderLoss.code)
        failure.nextAttempt = attempt + Self.endOfProcess
        return failure
    }

    /// Whether a provider has an order of an earlier process to continue.
    func continues(_ provider: String) -> Bool {
        state.withLock { state in state.inherited.map { state.record.orders[$0].provider == provider } ?? false }
    }

    /// Whether the current order was sent by an earlier process.
    var isContinued: Bool { state.withLock { $0.isContinued } }

    /// Stores a failure, so that a caller that lost the reply gets the same one.
    func keep(_ failure: ServiceError) {
        let record = state.withLock { state in
            state.record.failures[attempt] = failure
            Self.markReported(&state.record, isDelivered: false)
            return state.record
        }
        try? save(record)
    }

    /// Notes that the reply reports the cost of the orders that have ended.
    ///
    /// - Parameter isDelivered: whether the reply has the picture too.
    func markReported(isDelivered: Bool) {
        let record = state.withLock { state in
            Self.markReported(&state.record, isDelivered: isDelivered) ? state.record : nil
        }
        if let record { try? save(record) }
    }

    /// - Returns: whether the record changed.
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

/// The order under way, as the code that asks for its end needs it.
extension OrderBook: OrderMemory {
    var unsettled: UnsettledOrder? {
        state.withLock { state in
            guard state.isContinued, let current = state.current else { return nil }
            let order = state.record.orders[current]
            if let id = order.reference.flatMap({ OrderID($0) }) { return .accepted(id) }
            return .sent(at: order.sentAt ?? 0)
        }
    }

    /// Where a server reports the continued order.
    var places: [String]? {
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

    /// `open` has stored it.
    func sending() {}

    func accepted(_ id: OrderID) { accepted(id, at: nil) }

    /// - Parameter places: where the server reports the order, if that is not its API's usual place.
    func accepted(_ id: OrderID, at places: [String]?) {
        let record = state.withLock { state -> OrderRecord? in
            guard let current = state.current else { return nil }
            state.record.orders[current].reference = id.text
            state.record.orders[current].places = places
            return state.record
        }
        // An order whose id cannot be stored is looked for in the provider's list after a restart, if there is one.
        if let record { try? save(record) }
    }
}
