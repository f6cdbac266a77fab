import Faults
import JSONRPC
import Retry
import ServicePool
import Untrusted

/// How long a piece of work waits for an artifact store that is full or away, or for a service of the house that was lost.
/// Pure: counts the pauses that it hands out.
struct StoreHold: Sendable {
    /// Seconds.
    struct Patience: Sendable {
        /// All pauses together.
        var whole = 120.0
        var firstPause = 0.25
        var longestPause = 5.0
    }

    private let patience: Patience
    private var backoff: Backoff
    private(set) var waited = 0.0

    init(_ patience: Patience) {
        self.patience = patience
        backoff = Backoff(
            first: .clamping(seconds: patience.firstPause), longest: .clamping(seconds: patience.longestPause))
    }

    /// Whether the work was ever held.
    var isHolding: Bool { waited > 0 }

    /// Seconds until the next try; `nil` when patience is at its end.
    mutating func pause() -> Double? {
        guard waited < patience.whole else { return nil }
        let pause = min(backoff.next() / .seconds(1), patience.whole - waited)
        waited += pause
        return pause
    }

    /// Whether a failure is the store's own, or the absence of a service, and one that room, or a return, heals: not what a
    /// provider or the lead says of their disks, and not a replica that died under the call (`replica_broken`).
    static func isPassing(_ error: ServiceError) -> Bool {
        if error.provider == "s3" {
            return error.retryable && [.unavailable, .rateLimited, .timeout].contains(error.kind)
        }
        guard error.kind == .unavailable, error.provider == nil else { return false }
        return switch error.cause {
        case .replicaLost, .diskFull, .readOnly, .ioError, .staleHandle, .deviceGone, .deviceAway, .notConnected,
            .networkTimeout, .hostDown:
            true
        case .replicaBroken, .notSettled, .breakerOpen, nil: false
        }
    }
}
