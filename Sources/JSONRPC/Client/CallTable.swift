// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The pending calls of a client connection, and the time of its timer. Pure.
///
/// One timer serves all calls: it is set for the earliest end, and a reply that arrives before does not cancel it.
struct CallTable {
    private var calls: [Int: PendingCall] = [:]
    /// The time for which the timer is set.
    private var alarm: NIODeadline?
    /// Whether the connection is to be closed once no call is pending.
    var closesWhenIdle = false

    var isEmpty: Bool { calls.isEmpty }
    var count: Int { calls.count }

    subscript(id: Int) -> PendingCall? { calls[id] }

    /// Adds or replaces a call.
    ///
    /// - Returns: the time for which the timer must be set; `nil` if it need not be.
    mutating func set(_ id: Int, _ call: PendingCall) -> NIODeadline? {
        calls[id] = call
        guard let end = call.end, alarm.map({ end < $0 }) ?? true else { return nil }
        alarm = end
        return end
    }

    mutating func take(_ id: Int) -> PendingCall? { calls.removeValue(forKey: id) }

    mutating func takeAll() -> [PendingCall] {
        defer { calls = [:] }
        return Array(calls.values)
    }

    /// Takes the calls of some methods.
    mutating func take(methods: Set<String>) -> [PendingCall] {
        let taken = calls.filter { methods.contains($0.value.method) }
        for id in taken.keys { calls[id] = nil }
        return Array(taken.values)
    }

    /// Takes the call with the longest request.
    mutating func takeLongest() -> PendingCall? {
        calls.max { $0.value.bytes < $1.value.bytes }.flatMap { take($0.key) }
    }

    /// Takes the calls that have not ended in time, when the timer fires.
    ///
    /// - Returns: the calls with their ids, and the time for which the timer must be set next.
    mutating func takeExpired(at now: NIODeadline) -> (expired: [Int: PendingCall], next: NIODeadline?) {
        // A timer for an earlier call was set in addition, and fires first.
        guard let alarm, alarm <= now else { return ([:], nil) }
        let expired = calls.filter { $0.value.end.map { $0 <= now } ?? false }
        for id in expired.keys { calls[id] = nil }
        self.alarm = calls.values.lazy.compactMap(\.end).min()
        return (expired, self.alarm)
    }
}
