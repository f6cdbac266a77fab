// SPDX-License-Identifier: Apache-2.0

import UnixSignals

/// Cancellation by Ctrl-C (SIGINT) and SIGTERM.
enum InterruptSignals {
    /// Runs `body`, and cancels it if a signal arrives first.
    ///
    /// - Returns: what `body` returns; `nil` after a signal.
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
