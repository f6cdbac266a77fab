import Retry
import Untrusted

/// Which replica of a service takes the next call. Pure: names and moments come in, choices go out.
///
/// Moments are nanoseconds of a clock that does not go back.
package struct ReplicaSet: Sendable {
    /// How a replica is doing.
    package enum Health: Sendable, Equatable {
        /// Takes calls.
        case up
        /// Failed; not used until the moment has come and a probe succeeded.
        case ejected(until: Int64)
        /// A probe is on its way.
        case probing
    }

    package struct Replica: Sendable, Equatable {
        package var health: Health
        package var inFlight = 0
        /// Whether its one call in flight is to have it alone.
        package var isReserved = false
        /// Calls that it takes at a time; unknown until its health was asked.
        package var capacity: Int?
        /// Failures in a row.
        package var failures = 0
        /// It answered `busy` although it should have room; avoided until the moment.
        package var avoidUntil = Int64.min
    }

    package private(set) var replicas: [String: Replica] = [:]
    private var cursor = 0
    /// Calls that wait for a replica of their own.
    private var waitingAlone = 0

    package static let firstBackOff: Int64 = 100_000_000
    package static let longestBackOff: Int64 = 10_000_000_000
    // trusted: the constants above
    private static let backoff = Backoff(first: .nanoseconds(firstBackOff), longest: .nanoseconds(longestBackOff))

    package init() {}

    /// The published names, as the directory shows them now. -> names that are new, and names that are gone.
    package mutating func update(published: Set<String>) -> (added: [String], removed: [String]) {
        let removed = replicas.keys.filter { !published.contains($0) }
        let added = published.filter { replicas[$0] == nil }
        for name in removed { replicas[name] = nil }
        for name in added { replicas[name] = Replica(health: .probing) }
        return (added.sorted(), removed.sorted())
    }

    /// The name stands for another process now, which has not failed yet.
    package mutating func renew(_ name: String) {
        if replicas[name] != nil { replicas[name] = Replica(health: .probing) }
    }

    /// Picks the replica with the fewest calls in flight that has room, and counts the call.
    ///
    /// - Parameters:
    ///   - excluding: replicas that already refused this call.
    ///   - alone: whether the call takes a replica without any other call, and keeps others away from it.
    package mutating func acquire(at now: Int64, excluding: Set<String> = [], alone: Bool = false) -> String? {
        let emptying = alone ? nil : nextToBeEmpty
        let candidates = replicas.filter { name, replica in
            guard replica.health == .up, !excluding.contains(name), now >= replica.avoidUntil else { return false }
            guard !replica.isReserved, name != emptying, !alone || replica.inFlight == 0 else { return false }
            return replica.inFlight < replica.capacity ?? .max
        }
        guard let least = candidates.values.map(\.inFlight).min() else { return nil }
        let best = candidates.filter { $0.value.inFlight == least }.keys.sorted()
        // Equals take turns.
        cursor &+= 1
        let name = best[cursor % best.count]
        replicas[name]?.inFlight += 1
        replicas[name]?.isReserved = alone
        return name
    }

    /// A call that wants a replica alone begins to wait, or ends to.
    package mutating func wait(alone isWaiting: Bool) {
        waitingAlone += isWaiting ? 1 : -1
    }

    /// The replica that takes no further calls, so that one that waits to be alone comes to its turn.
    private var nextToBeEmpty: String? {
        guard waitingAlone > 0 else { return nil }
        return replicas.filter { $0.value.health == .up && !$0.value.isReserved }
            .min { ($0.value.inFlight, $0.key) < ($1.value.inFlight, $1.key) }?.key
    }

    /// A call that `acquire` counted is over.
    package mutating func release(_ name: String) {
        guard let inFlight = replicas[name]?.inFlight, inFlight > 0 else { return }
        replicas[name]?.inFlight = inFlight - 1
        if inFlight == 1 { replicas[name]?.isReserved = false }
    }

    /// The replica refused a call for want of room: leave it alone for a moment.
    package mutating func busy(_ name: String, at now: Int64) {
        replicas[name]?.avoidUntil = now + 50_000_000
    }

    /// The connection could not be made or broke. -> when to probe.
    package mutating func failed(_ name: String, at now: Int64) -> Int64? {
        guard var replica = replicas[name] else { return nil }
        if case .ejected(let until) = replica.health, until > now { return until }
        replica.failures += 1
        let pause = Int64(clamping: Self.backoff.pause(after: replica.failures) / .nanoseconds(1))
        replica.health = .ejected(until: now + pause)
        replicas[name] = replica
        return now + pause
    }

    /// Replicas whose back-off is over; they are now being probed.
    package mutating func dueProbes(at now: Int64) -> [String] {
        var due: [String] = []
        for (name, replica) in replicas {
            if case .ejected(let until) = replica.health, until <= now {
                replicas[name]?.health = .probing
                due.append(name)
            }
        }
        return due.sorted()
    }

    /// A probe succeeded.
    package mutating func healthy(_ name: String, capacity: Int) {
        replicas[name]?.health = .up
        replicas[name]?.capacity = capacity
        replicas[name]?.failures = 0
    }

    /// The next moment at which time alone changes something.
    package func nextMoment(after now: Int64) -> Int64? {
        replicas.values.compactMap { replica -> Int64? in
            if case .ejected(let until) = replica.health { return until }
            return replica.avoidUntil > now ? replica.avoidUntil : nil
        }.min()
    }
}
