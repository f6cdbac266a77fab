// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSONRPC
import ServicePool
import Synchronization

/// Admits calls, tracks those in flight, and counts their outcomes and latencies.
///
/// Only the service's own methods are counted, so that names invented by peers use no memory.
final class CallTracker: Sendable {
    /// The counters of one method.
    struct MethodCount: Sendable {
        /// The number of calls that have ended.
        var calls: UInt64 = 0
        var inFlight = 0
        var failures: [ErrorKind: UInt64] = [:]
        var latency = LatencyHistogram()

        mutating func recordEnd(after seconds: Double, _ failure: ErrorKind?) {
            inFlight -= 1
            calls += 1
            if let failure { failures[failure, default: 0] += 1 }
            latency.record(seconds)
        }
    }

    /// A ticket of an admitted call, to be returned to `leave`.
    struct Admission: Sendable {
        /// The index of the method's counters.
        fileprivate let method: Int
        fileprivate let load: MethodLoad
    }

    private struct State {
        var status = ServiceHealth.Status.starting
        var slotsInUse = 0
        var callsInFlight = 0
        var counts: [MethodCount]
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// The number of slots.
    let capacity: Int
    private let admissions: [String: Admission]
    private let state: Mutex<State>

    /// Creates a tracker.
    ///
    /// - Parameters:
    ///   - capacity: the number of slots for calls of methods with load `work`.
    ///   - methods: the methods that are counted, with their loads.
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
    /// The number of calls that occupy a slot.
    var slotsInUse: Int { state.withLock { $0.slotsInUse } }
    /// The counters by method.
    var methods: [String: MethodCount] {
        let counts = state.withLock { $0.counts }
        return admissions.mapValues { counts[$0.method] }
    }

    /// Sets the status to `serving`.
    func serve() {
        state.withLock { $0.status = .serving }
    }

    /// Sets the status to `draining`: new calls are rejected.
    func drain() {
        state.withLock { $0.status = .draining }
    }

    /// Admits a call.
    ///
    /// - Returns: the ticket for `leave`; `nil` for a method that is not counted.
    /// - Throws: `busy` while draining, or if all slots are in use.
    func enter(_ method: String) throws(ServiceError) -> Admission? {
        guard let admission = admissions[method] else { return nil }
        let rejection: ServiceError? = state.withLock { state in
            if state.status == .draining {
                return ServiceError(.busy, "this replica is stopping: retry with another one")
            }
            if admission.load == .work {
                guard state.slotsInUse < capacity else {
                    return ServiceError(
                        .busy, "all \(capacity) slots of this replica are in use: retry with another one, or later")
                }
                state.slotsInUse += 1
            }
            state.callsInFlight += 1
            state.counts[admission.method].inFlight += 1
            return nil
        }
        if let rejection { throw rejection }
        return admission
    }

    /// Records the end of an admitted call.
    ///
    /// - Parameters:
    ///   - seconds: how long the call took.
    ///   - failure: the kind of its error; `nil` if it succeeded.
    func leave(_ admission: Admission, seconds: Double, failure: ErrorKind?) {
        let waiters: [CheckedContinuation<Void, Never>] = state.withLock { state in
            if admission.load == .work { state.slotsInUse -= 1 }
            state.callsInFlight -= 1
            state.counts[admission.method].recordEnd(after: seconds, failure)
            guard state.callsInFlight == 0 else { return [] }
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until no admitted call is in flight.
    func waitUntilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.callsInFlight > 0 { state.idleWaiters.append(continuation) }
                return state.callsInFlight == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}
