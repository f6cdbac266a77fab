import Testing

@testable import ServicePool

@Suite struct ReplicaSetTests {
    private func set(_ names: Set<String>, capacity: Int = 2) -> ReplicaSet {
        var set = ReplicaSet()
        _ = set.update(published: names)
        for name in names { set.healthy(name, capacity: capacity) }
        return set
    }

    @Test("a new name is probed before it is used")
    func probing() {
        var set = ReplicaSet()
        #expect(set.update(published: ["a"]).added == ["a"])
        #expect(set.acquire(at: 0) == nil)
        set.healthy("a", capacity: 1)
        #expect(set.acquire(at: 0) == "a")
    }

    @Test("the replica with the fewest calls is next, and a full one is none")
    func leastLoaded() {
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

    @Test("a replica that fails is left alone, longer each time, then probed")
    func ejection() {
        var set = set(["a"])
        #expect(set.failed("a", at: 0) == ReplicaSet.firstBackOff)
        #expect(set.acquire(at: 1) == nil)
        #expect(set.dueProbes(at: ReplicaSet.firstBackOff - 1) == [])
        #expect(set.dueProbes(at: ReplicaSet.firstBackOff) == ["a"])
        #expect(set.failed("a", at: 1_000_000_000) == 1_000_000_000 + 2 * ReplicaSet.firstBackOff)
        for round in 0..<20 {
            let now = Int64(round + 2) * 100_000_000_000
            let until = set.failed("a", at: now) ?? 0
            #expect(until - now <= ReplicaSet.longestBackOff)
        }
        set.healthy("a", capacity: 1)
        #expect(set.acquire(at: 0) == "a")
    }

    @Test("a replica that said busy is avoided for a moment, and one that refused this call is not asked again")
    func busy() {
        var set = set(["a", "b"])
        #expect(set.acquire(at: 0, excluding: ["a"]) == "b")
        set.busy("b", at: 0)
        set.release("b")
        #expect(set.acquire(at: 1) == "a")
        #expect(set.nextMoment(after: 1) == 50_000_000)
        #expect(set.nextMoment(after: 60_000_000) == nil)
    }

    @Test("a name that is gone is forgotten, and its late releases do no harm")
    func removal() {
        var set = set(["a", "b"])
        _ = set.acquire(at: 0)
        #expect(set.update(published: ["b"]).removed == ["a"])
        set.release("a")
        #expect(set.failed("a", at: 0) == nil)
        #expect(set.acquire(at: 0) == "b")
    }

    @Test("a name that stands for another process does not wait for what the one before it did")
    func renewal() {
        var set = set(["a"])
        for moment in stride(from: Int64(0), to: 60_000_000_000, by: 11_000_000_000) {
            _ = set.failed("a", at: moment)
            _ = set.dueProbes(at: moment + 10_500_000_000)
        }
        _ = set.failed("a", at: 60_000_000_000)
        #expect(set.nextMoment(after: 60_000_000_000) == 66_400_000_000)
        set.renew("a")
        #expect(set.nextMoment(after: 60_000_000_000) == nil)
        set.healthy("a", capacity: 1)
        #expect(set.acquire(at: 60_000_000_001) == "a")
        set.renew("gone")
        #expect(set.replicas["gone"] == nil)
    }

    @Test("a call that wants a replica alone waits for one to be empty, and has it alone")
    func alone() {
        var set = set(["a", "b"], capacity: 3)
        for _ in 0..<4 { _ = set.acquire(at: 0) }
        #expect(set.acquire(at: 0, alone: true) == nil)
        set.wait(alone: true)
        // "a" takes no further calls until it is empty.
        #expect(set.acquire(at: 0) == "b")
        #expect(set.acquire(at: 0) == nil)
        set.release("a")
        set.release("a")
        #expect(set.acquire(at: 0) == nil)
        #expect(set.acquire(at: 0, alone: true) == "a")
        set.wait(alone: false)
        set.release("b")
        #expect(set.acquire(at: 0) == "b")
        #expect(set.acquire(at: 0) == nil)
        set.release("a")
        #expect(set.acquire(at: 0) == "a")
    }
}
