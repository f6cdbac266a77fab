// SPDX-License-Identifier: Apache-2.0

import Calls
import JSONRPC
import Synchronization

/// Enforces a method's stall timeout on a call to any service.
///
/// The lead's stall timeout is an option of the job, see services/orchestrator/Lead/LeadTimeouts.swift.
enum StallTimer {
    /// The call reported no progress within its method's stall timeout.
    struct Stalled: Error {}

    /// Makes a call and cancels it if it stalls.
    ///
    /// - Throws: `Stalled`; otherwise as `RPCConnection.call`.
    static func call<P, R>(
        _ connection: RPCConnection, _ method: Method<P, R>, _ params: P,
        _ onProgress: (@Sendable (ProgressReport) -> Void)?
    ) async throws -> R {
        guard let timeout = method.stallTimeout else {
            return try await connection.call(method, params, onProgress: onProgress)
        }
        let activity = LastActivity()
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask {
                try await connection.call(method, params) { report in
                    activity.record()
                    onProgress?(report)
                }
            }
            group.addTask {
                var elapsed = activity.elapsed
                while elapsed < timeout {
                    try await Task.sleep(for: timeout - elapsed)
                    elapsed = activity.elapsed
                }
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else { throw Stalled() }
            return result
        }
    }

    /// The time of the last progress report.
    private final class LastActivity: Sendable {
        private let time = Mutex(ContinuousClock.now)

        var elapsed: Duration { time.withLock { $0.duration(to: .now) } }
        func record() { time.withLock { $0 = .now } }
    }
}
