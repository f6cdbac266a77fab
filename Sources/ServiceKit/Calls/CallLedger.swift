import JSONRPC
import ServicePool
import Synchronization

/// Who is being served at the moment, who may still come in, and how calls have fared.
final class CallLedger: Sendable {
    struct MethodCount: Sendable {
        /// Calls that have ended.
        var calls: UInt64 = 0
        var inFlight = 0
        var failures: [ErrorKind: UInt64] = [:]
        var latency = LatencyHistogram()

        mutating func ended(after seconds: Double, _ failure: ErrorKind?) {
            inFlight -= 1
            calls += 1
            if let failure { failures[failure, default: 0] += 1 }
            latency.record(seconds)
        }
    }

    private struct State {
        var status = ServiceHealth.Status.starting
        var slots = 0
        var all = 0
        var methods: [String: MethodCount] = [:]
        var idle: [CheckedContinuation<Void, Never>] = []
    }

    /// Slots.
    let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    var status: ServiceHealth.Status { state.withLock { $0.status } }
    /// Calls that occupy a slot.
    var slotsInUse: Int { state.withLock { $0.slots } }
    var methods: [String: MethodCount] { state.withLock { $0.methods } }

    func serve() {
        state.withLock { $0.status = .serving }
    }

    func drain() {
        state.withLock { $0.status = .draining }
    }

    /// Lets a call in.
    ///
    /// - Throws: `busy` while draining, or when all slots are taken.
    func enter(_ method: String, load: MethodLoad) throws(ServiceError) {
        let refusal: ServiceError? = state.withLock { state in
            if state.status == .draining {
                return ServiceError(.busy, "this replica is stopping: call another")
            }
            if load == .work {
                guard state.slots < capacity else {
                    return ServiceError(.busy, "all \(capacity) slots of this replica are taken: call another, or wait")
                }
                state.slots += 1
            }
            state.all += 1
            state.methods[method, default: MethodCount()].inFlight += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// A call that was let in is over.
    func leave(_ method: String, load: MethodLoad, seconds: Double, failure: ErrorKind?) {
        let waiters: [CheckedContinuation<Void, Never>] = state.withLock { state in
            if load == .work { state.slots -= 1 }
            state.all -= 1
            state.methods[method]?.ended(after: seconds, failure)
            guard state.all == 0 else { return [] }
            defer { state.idle = [] }
            return state.idle
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when no call is being served.
    func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.all > 0 { state.idle.append(continuation) }
                return state.all == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}
