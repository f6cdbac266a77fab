// SPDX-License-Identifier: Apache-2.0

import Retry
import Untrusted

/// Selects the replica of a service for the next call, and tracks the replicas' health and load. Pure.
///
/// Times are nanoseconds of a monotonic clock.
package struct ReplicaSet: Sendable {
    /// Whether a replica can be used.
    package enum Health: Sendable, Equatable {
        /// The replica accepts calls.
        case up
        /// The replica failed and is not used until this time has passed and a probe has succeeded.
        case ejected(until: Int64)
        /// A probe is in progress.
        case probing
    }

    /// The state of one replica.
    package struct Replica: Sendable, Equatable {
        /// Whether the replica can be used.
        package var health: Health
        /// The number of this client's calls in flight.
        package var inFlight = 0
        /// Whether its only call in flight is exclusive.
        package var isReserved = false
        /// The number of slots; unknown until the first health report.
        package var capacity: Int?
        /// The number of consecutive failures.
        package var failures = 0
        /// The replica replied `busy` despite free capacity and is not used until this time.
        package var avoidUntil = Int64.min
    }

    /// The published replicas by name.
    package private(set) var replicas: [String: Replica] = [:]
    private var cursor = 0
    /// The number of exclusive calls that wait for an idle replica.
    private var exclusiveWaiters = 0

    /// The first pause before a failed replica is probed, in nanoseconds.
    package static let firstBackoff: Int64 = 100_000_000
    /// The longest pause before a failed replica is probed, in nanoseconds.
    package static let longestBackoff: Int64 = 10_000_000_000
    // trusted: the constants above
    private static let backoff = Backoff(first: .nanoseconds(firstBackoff), longest: .nanoseconds(longestBackoff))

    /// Creates an empty set.
    package init() {}

    /// Replaces the published names.
    ///
    /// - Returns: the new names, which must be probed, and the removed ones, both sorted.
    package mutating func update(published: Set<String>) -> (added: [String], removed: [String]) {
        let removed = replicas.keys.filter { !published.contains($0) }
        let added = published.filter { replicas[$0] == nil }
        for name in removed { replicas[name] = nil }
        for name in added { replicas[name] = Replica(health: .probing) }
        return (added.sorted(), removed.sorted())
    }

    /// Resets a replica whose process was replaced: the failures of its predecessor do not apply.
    package mutating func reset(_ name: String) {
        if replicas[name] != nil { replicas[name] = Replica(health: .probing) }
    }

    /// Selects the replica with the fewest calls in flight among those with free capacity, and counts the call.
    ///
    /// - Parameters:
    ///   - excluding: replicas that have already rejected this call.
    ///   - exclusively: whether the call requires an idle replica and blocks it for other calls.
    /// - Returns: the replica's name; `nil` if none is available.
    package mutating func acquire(at now: Int64, excluding: Set<String> = [], exclusively: Bool = false) -> String? {
        let draining = exclusively ? nil : drainingReplica
        let candidates = replicas.filter { name, replica in
            guard replica.health == .up, !excluding.contains(name), now >= replica.avoidUntil else { return false }
            guard !replica.isReserved, name != draining, !exclusively || replica.inFlight == 0 else { return false }
            return replica.inFlight < replica.capacity ?? .max
        }
        guard let least = candidates.values.map(\.inFlight).min() else { return nil }
        let best = candidates.filter { $0.value.inFlight == least }.keys.sorted()
        // Round robin among equals.
        cursor &+= 1
        let name = best[cursor % best.count]
        replicas[name]?.inFlight += 1
        replicas[name]?.isReserved = exclusively
        return name
    }

    /// Records that an exclusive call starts to wait for an idle replica.
    package mutating func beginExclusiveWait() { exclusiveWaiters += 1 }

    /// Records that an exclusive call no longer waits.
    package mutating func endExclusiveWait() { exclusiveWaiters -= 1 }

    /// The replica that accepts no further calls, so that a waiting exclusive call does not starve.
    private var drainingReplica: String? {
        guard exclusiveWaiters > 0 else { return nil }
        return replicas.filter { $0.value.health == .up && !$0.value.isReserved }
            .min { ($0.value.inFlight, $0.key) < ($1.value.inFlight, $1.key) }?.key
    }

    /// Records the end of a call that `acquire` counted.
    package mutating func release(_ name: String) {
        guard let inFlight = replicas[name]?.inFlight, inFlight > 0 else { return }
        replicas[name]?.inFlight = inFlight - 1
        if inFlight == 1 { replicas[name]?.isReserved = false }
    }

    /// Records that the replica rejected a call as `busy`: it is not used for 50 ms.
    package mutating func recordBusy(_ name: String, at now: Int64) {
        replicas[name]?.avoidUntil = now + 50_000_000
    }

    /// Records that the connection could not be made or was lost, and ejects the replica.
    ///
    /// - Returns: the time of the next probe; `nil` for an unknown replica.
    package mutating func recordFailure(_ name: String, at now: Int64) -> Int64? {
        guard var replica = replicas[name] else { return nil }
        if case .ejected(let until) = replica.health, until > now { return until }
        replica.failures += 1
        let pause = Int64(clamping: Self.backoff.pause(after: replica.failures) / .nanoseconds(1))
        replica.health = .ejected(until: now + pause)
        replicas[name] = replica
        return now + pause
    }

    /// Moves the replicas whose backoff has passed to `probing`.
    ///
    /// - Returns: their names, sorted.
    package mutating func takeDueProbes(at now: Int64) -> [String] {
        var due: [String] = []
        for (name, replica) in replicas {
            if case .ejected(let until) = replica.health, until <= now {
                replicas[name]?.health = .probing
                due.append(name)
            }
        }
        return due.sorted()
    }

    /// Records a successful probe.
    package mutating func recordHealthy(_ name: String, capacity: Int) {
        replicas[name]?.health = .up
        replicas[name]?.capacity = capacity
        replicas[name]?.failures = 0
    }

    /// The next time at which a probe is due or a busy replica becomes usable; `nil` if there is none.
    package func nextWakeup(after now: Int64) -> Int64? {
        replicas.values.compactMap { replica -> Int64? in
            if case .ejected(let until) = replica.health { return until }
            return replica.avoidUntil > now ? replica.avoidUntil : nil
        }.min()
    }
}
