// SPDX-License-Identifier: Apache-2.0

import Blocking
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct BlockingPoolTests {
    private struct WorkError: Error {}

    /// Blocks work on its thread until a test releases it.
    private final class Barrier: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let started = AsyncStream.makeStream(of: Void.self)

        /// Blocks the calling thread until `release()`, for 30 seconds at most.
        func block() {
            started.continuation.yield()
            _ = semaphore.wait(timeout: .now() + .seconds(30))
        }

        func release() { semaphore.signal() }

        func waitUntilBlocked() async {
            var iterator = started.stream.makeAsyncIterator()
            await iterator.next()
        }
    }

    private final class ConcurrencyCounter: Sendable {
        private let state = Mutex((current: 0, maximum: 0, total: 0))

        var counts: (current: Int, maximum: Int, total: Int) { state.withLock { $0 } }

        func enter() {
            state.withLock { state in
                state.current += 1
                state.maximum = max(state.maximum, state.current)
                state.total += 1
            }
        }

        func leave() { state.withLock { $0.current -= 1 } }

        func touch() { state.withLock { _ in } }
    }

    @Test
    func `the work's result or error is returned to the caller`() async throws {
        let pool = BlockingPool(threads: 2)
        #expect(try await pool.run { _ in 7 } == 7)
        await #expect(throws: WorkError.self) { try await pool.run { _ in throw WorkError() } }
    }

    @Test
    func `at most as many items as threads run concurrently, and all are done`() async throws {
        let pool = BlockingPool(threads: 3)
        let counter = ConcurrencyCounter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await pool.run { _ in
                        counter.enter()
                        for _ in 0..<100 { counter.touch() }
                        counter.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        let counts = counter.counts
        #expect(counts.total == 200)
        #expect(counts.maximum <= 3)
    }

    @Test
    func `queued work of a cancelled task is not started, and its caller returns immediately`() async throws {
        let pool = BlockingPool(threads: 1)
        let barrier = Barrier()
        let first = Task { try await pool.run { _ in barrier.block() } }
        await barrier.waitUntilBlocked()
        let hasStarted = Atomic(false)
        let second = Task { try await pool.run { _ in hasStarted.store(true, ordering: .relaxed) } }
        second.cancel()
        // The thread is still blocked, so only the cancellation can end this call.
        await #expect(throws: CancellationError.self) { try await second.value }
        barrier.release()
        try await first.value
        let secondHasStarted = hasStarted.load(ordering: .relaxed)
        #expect(!secondHasStarted)
        #expect(try await pool.run { _ in 1 } == 1)
    }

    @Test
    func `running work sees the cancellation, and its error becomes a CancellationError`() async throws {
        let pool = BlockingPool(threads: 1)
        let barrier = Barrier()
        let task = Task {
            try await pool.run { isCancelled in
                barrier.block()
                let end = ContinuousClock.now + .seconds(30)
                while !isCancelled(), .now < end {}
                throw WorkError()
            }
        }
        await barrier.waitUntilBlocked()
        task.cancel()
        barrier.release()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test
    func `the result of work that completes despite cancellation is returned`() async throws {
        let pool = BlockingPool(threads: 1)
        let barrier = Barrier()
        let task = Task {
            try await pool.run { _ in
                barrier.block()
                return 3
            }
        }
        await barrier.waitUntilBlocked()
        task.cancel()
        barrier.release()
        #expect(try await task.value == 3)
    }

    @Test
    func `the threads end when the pool is released`() async throws {
        // `<process>/task/<thread>`
        func thread() async throws -> String {
            try await BlockingPool(threads: 2).run { _ in
                try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            }
        }
        let path = try await "/proc/\(thread())"
        // The kernel removes the thread asynchronously.
        try await until("the thread has ended") { !FileManager.default.fileExists(atPath: path) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
