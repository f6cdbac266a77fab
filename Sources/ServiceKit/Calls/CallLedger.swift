import Calls
import Faults
import JSONRPC
import ServicePool
import Synchronization

/// Who is being served at the moment, who may still come in, and how calls have fared.
///
/// It knows the service's own methods, none else: what peers make up as a name takes no memory.
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

    /// A call that was let in.
    struct Admission: Sendable {
        fileprivate let method: Int
        fileprivate let load: MethodLoad
    }

    private struct State {
        var status = ServiceHealth.Status.starting
        var slots = 0
        var all = 0
        var counts: [MethodCount]
        var idle: [CheckedContinuation<Void, Never>] = []
    }

    /// Slots.
    let capacity: Int
    private let admissions: [String: Admission]
    private let state: Mutex<State>

    /// - Parameter methods: those that are counted.
    init(capacity: Int, methods: [String: MethodLoad]) {
        self.capacity = capacity
        let sorted = methods.sorted { $0.key < $1.key }
        admissions = Dictionary(
            uniqueKeysWithValues: sorted.enumerated().map { index, method in
                (method.key, Admission(method: index, load: method.value))
            })
        state = Mutex(State(counts: Array(repeating: MethodCount(), count: sorted.count)))
    }

    var status: ServiceHealth.Status { state.withLock { $0.status } }
    /// Calls that occupy a slot.
    var slotsInUse: Int { state.withLock { $0.slots } }
    var methods: [String: MethodCount] {
        let counts = state.withLock { $0.counts }
        return admissions.mapValues { counts[$0.method] }
    }

    func serve() {
        state.withLock { $0.status = .serving }
    }

    func drain() {
        state.withLock { $0.status = .draining }
    }

    /// Lets a call in.
    ///
    /// - Returns: for `leave`; `nil` for a method that is not counted.
    /// - Throws: `busy` while draining, or when all slots are taken.
    func enter(_ method: String) throws(ServiceError) -> Admission? {
        guard let admission = admissions[method] else { return nil }
        let refusal: ServiceError? = state.withLock { state in
            if state.status == .draining {
                return ServiceError(.busy, "this replica is stopping: call another")
            }
            if admission.load == .work {
                guard state.slots < capacity else {
                    return ServiceError(.busy, "all \(capacity) slots of this replica are taken: call another, or wait")
                }
                state.slots += 1
            }
            state.all += 1
            state.counts[admission.method].inFlight += 1
            return nil
        }
        if let refusal { throw refusal }
        return admission
    }

    /// A call that was let in is over.
    func leave(_ admission: Admission, seconds: Double, failure: ErrorKind?) {
        let waiters: [CheckedContinuation<Void, Never>] = state.withLock { state in
            if admission.load == .work { state.slots -= 1 }
            state.all -= 1
            state.counts[admission.method].ended(after: seconds, failure)
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
