// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ServicePool

@Suite(.timeLimit(.minutes(1))) struct ReplicaSetTests {
    private func set(_ names: Set<String>, capacity: Int = 2) -> ReplicaSet {
        var set = ReplicaSet()
        _ = set.update(published: names)
        for name in names { set.recordHealthy(name, capacity: capacity) }
        return set
    }

    @Test
    func `a new replica is probed before it is used`() {
        var set = ReplicaSet()
        #expect(set.update(published: ["a"]).added == ["a"])
        #expect(set.acquire(at: 0) == nil)
        set.recordHealthy("a", capacity: 1)
        #expect(set.acquire(at: 0) == "a")
    }

    @Test
    func `the replica with the fewest calls is selected, and one at capacity is not`() {
        var set = set(["a", "b"])
        let first = set.acquire(at: 0)
        let second = set.acquire(at: 0)
        #expect(Set([first, second]) == ["a", "b"])
        _ = set.acquire(at: 0)
        _ = set.acquire(at: 0)
        #expect(set.acquire(at: 0) == nil)
        set.release("b")
        #expect(set.acquire(at: 0) == "b")
    }

    @Test
    func `a failing replica is ejected for growing times, then probed`() {
        var set = set(["a"])
        #expect(set.recordFailure("a", at: 0) == ReplicaSet.firstBackoff)
        #expect(set.acquire(at: 1) == nil)
        #expect(set.takeDueProbes(at: ReplicaSet.firstBackoff - 1) == [])
        #expect(set.takeDueProbes(at: ReplicaSet.firstBackoff) == ["a"])
        #expect(set.recordFailure("a", at: 1_000_000_000) == 1_000_000_000 + 2 * ReplicaSet.firstBackoff)
        for round in 0..<20 {
            let now = Int64(round + 2) * 100_000_000_000
            let until = set.recordFailure("a", at: now) ?? 0
            #expect(until - now <= ReplicaSet.longestBackoff)
        }
        set.recordHealthy("a", capacity: 1)
        #expect(set.acquire(at: 0) == "a")
    }

    @Test
    func `a busy replica is not used for 50 ms, and one that rejected the call is excluded`() {
        var set = set(["a", "b"])
        #expect(set.acquire(at: 0, excluding: ["a"]) == "b")
        set.recordBusy("b", at: 0)
        set.release("b")
        #expect(set.acquire(at: 1) == "a")
        #expect(set.nextWakeup(after: 1) == 50_000_000)
        #expect(set.nextWakeup(after: 60_000_000) == nil)
    }

    @Test
    func `a removed replica is dropped, and a late release of it has no effect`() {
        var set = set(["a", "b"])
        _ = set.acquire(at: 0)
        #expect(set.update(published: ["b"]).removed == ["a"])
        set.release("a")
        #expect(set.recordFailure("a", at: 0) == nil)
        #expect(set.acquire(at: 0) == "b")
    }

    @Test
    func `a replaced process does not inherit the backoff of its predecessor`() {
        var set = set(["a"])
        for time in stride(from: Int64(0), to: 60_000_000_000, by: 11_000_000_000) {
            _ = set.recordFailure("a", at: time)
            _ = set.takeDueProbes(at: time + 10_500_000_000)
        }
        _ = set.recordFailure("a", at: 60_000_000_000)
        #expect(set.nextWakeup(after: 60_000_000_000) == 66_400_000_000)
        set.reset("a")
        #expect(set.nextWakeup(after: 60_000_000_000) == nil)
        set.recordHealthy("a", capacity: 1)
        #expect(set.acquire(at: 60_000_000_001) == "a")
        set.reset("gone")
        #expect(set.replicas["gone"] == nil)
    }

    @Test
    func `an exclusive call waits for an idle replica and blocks it for other calls`() {
        var set = set(["a", "b"], capacity: 3)
        for _ in 0..<4 { _ = set.acquire(at: 0) }
        #expect(set.acquire(at: 0, exclusively: true) == nil)
        set.beginExclusiveWait()
        // "a" accepts no further calls until it is idle.
        #expect(set.acquire(at: 0) == "b")
        #expect(set.acquire(at: 0) == nil)
        set.release("a")
        set.release("a")
        #expect(set.acquire(at: 0) == nil)
        #expect(set.acquire(at: 0, exclusively: true) == "a")
        set.endExclusiveWait()
        set.release("b")
        #expect(set.acquire(at: 0) == "b")
        #expect(set.acquire(at: 0) == nil)
        set.release("a")
        #expect(set.acquire(at: 0) == "a")
    }
}
