import Blocking
import Dispatch
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct BlockingPoolTests {
    private struct Odd: Error {}

    /// Work that goes on until it is let go.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let began = AsyncStream.makeStream(of: Void.self)

        func hold() {
            began.continuation.yield()
            semaphore.wait()
        }

        func open() { semaphore.signal() }

        func untilHeld() async {
            var iterator = began.stream.makeAsyncIterator()
            await iterator.next()
        }
    }

    private final class Counts: Sendable {
        private let state = Mutex((now: 0, most: 0, all: 0))

        var seen: (now: Int, most: Int, all: Int) { state.withLock { $0 } }

        func enter() {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
                state.all += 1
            }
        }

        func leave() { state.withLock { $0.now -= 1 } }

        func touch() { state.withLock { _ in } }
    }

    @Test("results and errors of the work reach the caller")
    func results() async throws {
        let pool = BlockingPool(threads: 2)
        #expect(try await pool.run { _ in 7 } == 7)
        await #expect(throws: Odd.self) { try await pool.run { _ in throw Odd() } }
    }

    @Test("work beyond the number of threads waits for its turn, and all of it is done")
    func bound() async throws {
        let pool = BlockingPool(threads: 3)
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await pool.run { _ in
                        counts.enter()
                        for _ in 0..<100 { counts.touch() }
                        counts.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        let seen = counts.seen
        #expect(seen.all == 200)
        #expect(seen.most <= 3)
    }

    @Test("work that waits is not begun once its task is cancelled, and its caller does not wait for the thread")
    func cancelledWhileWaiting() async throws {
        let pool = BlockingPool(threads: 1)
        let gate = Gate()
        let first = Task { try await pool.run { _ in gate.hold() } }
        await gate.untilHeld()
        let begun = Atomic(false)
        let second = Task { try await pool.run { _ in begun.store(true, ordering: .relaxed) } }
        second.cancel()
        // The thread is still held: only the cancellation can end this.
        await #expect(throws: CancellationError.self) { try await second.value }
        gate.open()
        try await first.value
        let wasBegun = begun.load(ordering: .relaxed)
        #expect(!wasBegun)
        #expect(try await pool.run { _ in 1 } == 1)
    }

    @Test("work that runs is told of the cancellation, and what it then throws is a cancellation")
    func cancelledWhileRunning() async throws {
        let pool = BlockingPool(threads: 1)
        let gate = Gate()
        let task = Task {
            try await pool.run { isCancelled in
                gate.hold()
                while !isCancelled() {}
                throw Odd()
            }
        }
        await gate.untilHeld()
        task.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("work that ends although its task was cancelled keeps its result")
    func finishedAnyway() async throws {
        let pool = BlockingPool(threads: 1)
        let gate = Gate()
        let task = Task {
            try await pool.run { _ in
                gate.hold()
                return 3
            }
        }
        await gate.untilHeld()
        task.cancel()
        gate.open()
        #expect(try await task.value == 3)
    }

    @Test("the threads end with the pool")
    func threadsEnd() async throws {
        // `<process>/task/<thread>`
        func thread() async throws -> String {
            try await BlockingPool(threads: 2).run { _ in
                try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            }
        }
        let path = try await "/proc/\(thread())"
        // Until the kernel has taken the thread away; the suite has a time limit.
        while FileManager.default.fileExists(atPath: path) { try await Task.sleep(for: .milliseconds(1)) }
    }
}
