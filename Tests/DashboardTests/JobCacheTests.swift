// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Synchronization
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct JobCacheTests {
    /// A clock that the test advances, and the number of jobs that were read.
    private final class Source: Sendable {
        let time = Mutex(ContinuousClock.now)
        let reads = Atomic(0)

        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    private func cache(_ source: Source) -> JobCache {
        JobCache(now: { source.time.withLock { $0 } }) { id in
            source.reads.add(1, ordering: .relaxed)
            guard id != "unknown" else { throw ServiceError(.notFound, "no job \(id)") }
            return Fixtures.job(id)
        }
    }

    @Test func `a job is cached for its lifetime`() async throws {
        let source = Source()
        let cache = cache(source)
        #expect(cache.recent("a") == nil)
        #expect(try await cache.job("a").jobID == "a")
        source.advance(by: JobCache.lifetime - .milliseconds(1))
        #expect(cache.recent("a")?.jobID == "a" && cache.recent("b") == nil)
        source.advance(by: .milliseconds(1))
        #expect(cache.recent("a") == nil)
        #expect(source.reads.load(ordering: .relaxed) == 1)
    }

    @Test func `a full cache caches no further job until an entry expires`() async throws {
        let source = Source()
        let cache = cache(source)
        for number in 0..<JobCache.capacity { _ = try await cache.job("\(number)") }
        _ = try await cache.job("late")
        #expect(cache.recent("late") == nil && cache.recent("0") != nil)
        source.advance(by: JobCache.lifetime)
        _ = try await cache.job("late")
        #expect(cache.recent("late") != nil && cache.recent("0") == nil)
    }

    @Test func `a failed read is passed on and not cached`() async throws {
        let source = Source()
        let cache = cache(source)
        let error = await #expect(throws: ServiceError.self) { try await cache.job("unknown") }
        #expect(error?.kind == .notFound && cache.recent("unknown") == nil)
    }
}
