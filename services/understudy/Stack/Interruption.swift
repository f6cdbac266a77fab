import UnixSignals

/// Ctrl-C and SIGTERM.
enum Interruption {
    /// Runs `body` until it ends or a signal comes; then `body` is cancelled.
    ///
    /// - Returns: what `body` returned; `nil` after a signal.
    static func race<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T? {
        try await withThrowingTaskGroup(of: T?.self) { group in
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
