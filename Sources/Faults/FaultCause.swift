/// Why something failed, where a program acts on it: faults of this system's own disks, replicas and breakers. The raw value is the
/// wire's `provider_code`; this file is the only place that maps between the two.
package enum FaultCause: String, Sendable, CaseIterable {
    // MARK: Disks

    case diskFull = "ENOSPC"
    case readOnly = "EROFS"
    case ioError = "EIO"
    case staleHandle = "ESTALE"
    case deviceGone = "ENODEV"
    case deviceAway = "ENXIO"
    case notConnected = "ENOTCONN"
    case networkTimeout = "ETIMEDOUT"
    case hostDown = "EHOSTDOWN"

    // MARK: Calls

    /// A replica was there and does not answer: it may be back in a moment.
    case replicaLost = "replica_lost"
    /// The call was lost with several processes one after the other: making it again would break another.
    case replicaBroken = "replica_broken"
    /// The call was cancelled, and its reply did not come within its method's settlement.
    case notSettled = "not_settled"
    /// The call was not made, since the breaker is open.
    case breakerOpen = "breaker_open"
}

extension ServiceError {
    /// Why it failed; `nil` for a code of a provider, or none.
    package var cause: FaultCause? { providerCode.flatMap(FaultCause.init(rawValue:)) }

    /// A fault with a cause that programs act on.
    package init(
        _ kind: ErrorKind, _ message: String, retryable: Bool? = nil, provider: String? = nil, cause: FaultCause
    ) {
        self.init(kind, message, retryable: retryable, provider: provider, providerCode: cause.rawValue)
    }
}
