import Calls
import JSONRPC
import Synchronization

/// Holds a call to its method's stall bound.
enum StallWatch {
    /// Nothing was heard of the call for as long as its method allows.
    struct Stalled: Error {}

    /// - Throws: `Stalled`, after the call was cancelled.
    static func call<P, R>(
        _ connection: RPCConnection, _ method: Method<P, R>, _ params: P,
        _ onProgress: (@Sendable (ProgressReport) -> Void)?
    ) async throws -> R {
        guard let stall = method.stall else { return try await connection.call(method, params, onProgress: onProgress) }
        let last = LastSign()
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask {
                try await connection.call(method, params) { report in
                    last.heard()
                    onProgress?(report)
                }
            }
            group.addTask {
                var silent = last.silence
                while silent < stall {
                    try await Task.sleep(for: stall - silent)
                    silent = last.silence
                }
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else { throw Stalled() }
            return result
        }
    }

    /// When the call was heard of last.
    private final class LastSign: Sendable {
        private let moment = Mutex(ContinuousClock.now)

        var silence: Duration { moment.withLock { $0.duration(to: .now) } }
        func heard() { moment.withLock { $0 = .now } }
    }
}
