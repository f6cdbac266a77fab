// SPDX-License-Identifier: Apache-2.0

import Faults
import JSONRPC
import Retry
import ServicePool
import Untrusted

/// The backoff of a piece of work while the artifact store is full or unreachable, or while no replica of a service is reachable. Pure:
/// it computes pauses and adds them up.
struct OutageBackoff: Sendable {
    /// The bounds of the pauses, in seconds.
    struct Bounds: Sendable {
        /// The sum of all pauses (`UNDERSTUDY_STORE_PATIENCE_S`).
        var total = 120.0
        var firstPause = 0.25
        var longestPause = 5.0
    }

    private let bounds: Bounds
    private var backoff: Backoff
    /// The sum of the pauses so far, in seconds.
    private(set) var waited = 0.0

    init(_ bounds: Bounds) {
        self.bounds = bounds
        backoff = Backoff(
            first: .clamping(seconds: bounds.firstPause), longest: .clamping(seconds: bounds.longestPause))
    }

    /// Whether the work has paused at least once.
    var hasWaited: Bool { waited > 0 }

    /// The pause before the next attempt.
    ///
    /// - Returns: seconds; `nil` if the bound on all pauses is reached.
    mutating func nextPause() -> Double? {
        guard waited < bounds.total else { return nil }
        let pause = min(backoff.next() / .seconds(1), bounds.total - waited)
        waited += pause
        return pause
    }

    /// Whether an error means a transient outage of the artifact store or of a service of the stack, so that the work can wait for its end.
    /// Errors that a provider or the lead reports about its own storage do not count, nor does a replica that crashed during the call
    /// (`replica_broken`).
    static func isTransient(_ error: ServiceError) -> Bool {
        if error.provider == "s3" {
            return error.retryable && [.unavailable, .rateLimited, .timeout].contains(error.kind)
        }
        guard error.kind == .unavailable, error.provider == nil else { return false }
        return switch error.cause {
        case .replicaUnreachable, .replicaLost, .diskFull, .readOnly, .ioError, .staleHandle, .deviceGone,
            .deviceUnavailable, .notConnected, .networkTimeout, .hostDown:
            true
        case .noReplica, .replicaBroken, .notSettled, .breakerOpen, nil: false
        }
    }
}
