import JSONRPC
import Synchronization

/// Bounds on a call that reports progress: so long in all, so long without a word.
enum LeadClock {
    /// - Parameters:
    ///   - whole: seconds for the whole call.
    ///   - stall: seconds that may pass between signs of life.
    ///   - body: calls its argument at each sign of life.
    /// - Throws: `timeout` that says which bound passed; the work is cancelled then.
    static func limit<T: Sendable>(
        whole: Double, stall: Double,
        _ body: @escaping @Sendable (_ alive: @escaping @Sendable () -> Void) async throws -> T
    ) async throws -> T {
        let life = Life()
        return try await withThrowingTaskGroup(of: T.self) { group in
            group.addTask { try await body { life.sign() } }
            group.addTask {
                try await Task.sleep(for: .seconds(whole))
                throw ServiceError(.timeout, "Agent5 did not finish within \(whole) s")
            }
            group.addTask {
                while true {
                    let silence = life.silence
                    guard silence < stall else {
                        throw ServiceError(.timeout, "Agent5 was silent for \(stall) s")
                    }
                    try await Task.sleep(for: .seconds(stall - silence + 0.001))
                }
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    private final class Life: Sendable {
        private let last = Mutex(ContinuousClock.now)

        func sign() { last.withLock { $0 = .now } }

        /// Seconds since the last sign.
        var silence: Double {
            let passed = last.withLock { $0.duration(to: .now) }
            return Double(passed.milliseconds) / 1000
        }
    }
}
