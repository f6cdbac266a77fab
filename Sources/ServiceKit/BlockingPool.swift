package import NIOPosix
import Synchronization

/// Threads for work that blocks: decoders, encoders, painting, files. It never runs on the threads that async code shares.
package struct BlockingPool: Sendable {
    private let pool: NIOThreadPool

    package init(_ pool: NIOThreadPool) {
        self.pool = pool
    }

    /// Runs `body` on a thread of the pool.
    ///
    /// - Parameter body: is given a question to ask often, whether the calling task was cancelled, and should then throw.
    package func run<T: Sendable>(
        _ body: @escaping @Sendable (_ cancelled: @escaping @Sendable () -> Bool) throws -> T
    ) async throws -> T {
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
