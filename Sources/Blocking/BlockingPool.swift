// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A thread pool for blocking work such as decoding, encoding, painting and file access, off the cooperative thread pool.
///
/// Threads start on demand, up to the limit, and end when the pool is released.
///
/// ```swift
/// let pool = BlockingPool(threads: 2)
/// let report = try await pool.run { isCancelled in try encode(file, isCancelled: isCancelled) }
/// ```
package final class BlockingPool: Sendable {
    private let queue: WorkQueue

    /// - Parameter threads: the maximum number of threads; values below 1 count as 1.
    package init(threads: Int) {
        queue = WorkQueue(threads: max(threads, 1))
    }

    deinit { queue.stop() }

    /// Runs `body` on a thread of the pool.
    ///
    /// - Parameter body: receives a closure that reports whether the calling task was cancelled; it should poll it and then throw.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; `CancellationError` if the calling task was cancelled and `body` threw or had not started.
    package func run<T: Sendable>(
        _ body: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> T
    ) async throws -> T {
        try Task.checkCancellation()
        let flag = Flag()
        let ticket = queue.nextTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.add(ticket) { isDropped in
                    if isDropped || flag.isSet { return continuation.resume(throwing: CancellationError()) }
                    do {
                        continuation.resume(returning: try body { flag.isSet })
                    } catch {
                        // Libraries report cancellation with errors of their own.
                        continuation.resume(throwing: flag.isSet ? CancellationError() : error)
                    }
                }
                // The task may have been cancelled before the work was queued.
                if flag.isSet { queue.drop(ticket) }
            }
        } onCancel: {
            flag.set()
            queue.drop(ticket)
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }
}
