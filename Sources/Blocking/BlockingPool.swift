import Synchronization

/// Threads for work that blocks: decoders, encoders, painting, files. It never runs on the threads that async code shares.
///
/// Threads start as work needs them: a pool without work has none. They end with the pool.
///
/// ```swift
/// let pool = BlockingPool(threads: 2)
/// let report = try await pool.run { isCancelled in try encode(file, isCancelled: isCancelled) }
/// ```
package final class BlockingPool: Sendable {
    private let queue: WorkQueue

    /// - Parameter threads: how many pieces of work run concurrently; at least one.
    package init(threads: Int) {
        queue = WorkQueue(threads: max(threads, 1))
    }

    deinit { queue.stop() }

    /// Runs `body` on a thread of the pool.
    ///
    /// - Parameter body: is given a question to ask often, whether the calling task was cancelled, and should then throw.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; `CancellationError` if the calling task was cancelled and `body` threw or was not begun.
    package func run<T: Sendable>(
        _ body: @escaping @Sendable (_ cancelled: @escaping @Sendable () -> Bool) throws -> T
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
                        // Whatever the library calls it, a cancelled call was cancelled.
                        continuation.resume(throwing: flag.isSet ? CancellationError() : error)
                    }
                }
                // The task may have been cancelled before its work was in the queue.
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
