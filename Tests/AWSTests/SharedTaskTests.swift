// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import AWS

@Suite(.timeLimit(.minutes(1))) struct SharedTaskTests {
    /// Work that ends only by its cancellation.
    private func endless(_ isCancelled: AsyncStream<Void>.Continuation) -> SharedTask<Int> {
        SharedTask {
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                isCancelled.finish()
                throw error
            }
            return 1
        }
    }

    @Test func `the task is cancelled with its only waiter, also one that is cancelled before it waits`() async throws {
        for isEarly in [true, false] {
            let (cancelled, input) = AsyncStream.makeStream(of: Void.self)
            let shared = endless(input)
            let waiter = Task {
                if isEarly { withUnsafeCurrentTask { $0?.cancel() } }
                return try await shared.value()
            }
            if !isEarly { waiter.cancel() }
            await #expect(throws: CancellationError.self) { try await waiter.value }
            for await _ in cancelled {}
        }
    }

    @Test func `a waiter that is cancelled leaves the task to the others`() async throws {
        let (gate, input) = AsyncStream.makeStream(of: Void.self)
        let shared = SharedTask {
            for await _ in gate {}
            try Task.checkCancellation()
            return 7
        }
        async let first = shared.value()
        try await until("the first one waits") { shared.waiterCount == 1 }
        let second = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await shared.value()
        }
        await #expect(throws: CancellationError.self) { try await second.value }
        input.finish()
        #expect(try await first == 7)
        #expect(try await shared.value() == 7)
    }
}
