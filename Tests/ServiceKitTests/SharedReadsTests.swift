// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

/// Reads that block until a test releases them.
private final class BlockedReads: Sendable {
    private let state = Mutex<(started: Int, isReleased: Bool)>((0, false))

    /// The number of reads started so far.
    var started: Int { state.withLock { $0.started } }
    func release() { state.withLock { $0.isReleased = true } }

    /// Waits for the release.
    ///
    /// - Returns: the number of this read, starting at 1.
    func read() async throws -> Int {
        let number = state.withLock { state in
            state.started += 1
            return state.started
        }
        while !state.withLock({ $0.isReleased }) {
            try Task.checkCancellation()
            await Task.yield()
        }
        return number
    }
}

@Suite(.timeLimit(.minutes(1))) struct SharedReadsTests {
    /// Waits until the reads have reached a state.
    private func wait(until condition: () async -> Bool) async throws {
        try await until("the reads have reached the state") { await condition() }
    }

    @Test
    func `concurrent callers share a read; callers that arrive during it share the next one`() async throws {
        let blocked = BlockedReads()
        let reads = SharedReads<String, Int>(limit: 2) { _ in try await blocked.read() }
        let first = Task { try await reads.value(for: "a") }
        try await wait { blocked.started >= 1 }
        let later = (0..<50).map { _ in Task { try await reads.value(for: "a") } }
        try await wait { await reads.waitingCount >= 50 }
        blocked.release()
        #expect(try await first.value == 1)
        for task in later { #expect(try await task.value == 2) }
        #expect(await reads.count == 2)
    }

    @Test
    func `a read that all callers have left is cancelled, and one that no caller waits for is not started`()
        async throws
    {
        let blocked = BlockedReads()
        let reads = SharedReads<String, Int>(limit: 1) { _ in try await blocked.read() }
        let tasks = ["a", "a", "b", "b"].map { key in Task { try await reads.value(for: key) } }
        try await wait { blocked.started >= 1 }
        for task in tasks { task.cancel() }
        for task in tasks {
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        blocked.release()
        let before = await reads.count
        #expect(before <= 2)
        #expect(try await reads.value(for: "c") == before + 1)
    }

    @Test
    func `a failure reaches every caller of its read, and the next call reads again`() async throws {
        struct ReadError: Error {}
        let reads = SharedReads<Int, Int>(limit: 1) { key in
            if key == 0 { throw ReadError() }
            return key
        }
        await #expect(throws: ReadError.self) { try await reads.value(for: 0) }
        #expect(try await reads.value(for: 7) == 7)
        await #expect(throws: ReadError.self) { try await reads.value(for: 0) }
        #expect(await reads.count == 3)
    }
}
