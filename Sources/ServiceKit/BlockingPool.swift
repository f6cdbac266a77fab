internal import NIOPosix
import Synchronization

/// Threads for work that blocks: decoders, encoders, painting, files. It never runs on the threads that async code shares.
///
/// The threads start with the first work: a service that never blocks has none of them.
package final class BlockingPool: Sendable {
    private let pool: NIOThreadPool
    private let isStarted = Mutex(false)

    /// - Parameter threads: how many pieces of work run concurrently.
    package init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: threads)
    }

    deinit { pool.shutdownGracefully { _ in } }

    private func start() {
        isStarted.withLock { isStarted in
            if !isStarted { pool.start() }
            isStarted = true
        }
    }

    /// Runs `body` on a thread of the pool.
    ///
    /// - Parameter body: is given a question to ask often, whether the calling task was cancelled, and should then throw.
    package func run<T: Sendable>(
        _ body: @escaping @Sendable (_ cancelled: @escaping @Sendable () -> Bool) throws -> T
    ) async throws -> T {
        start()
        let flag = Flag()
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            do {
                return try await pool.runIfActive { try body { flag.isSet } }
            } catch {
                // Whatever the library calls it, a cancelled call was cancelled.
                if flag.isSet { throw CancellationError() }
                throw error
            }
        } onCancel: {
            flag.set()
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }
}
