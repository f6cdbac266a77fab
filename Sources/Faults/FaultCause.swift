// SPDX-License-Identifier: Apache-2.0

/// The cause of a failure of this system's own disks, replicas or breakers, for programs to act on.
///
/// The raw value is the wire's `provider_code`; this file is the only place that maps between the two.
package enum FaultCause: String, Sendable, CaseIterable {
    // MARK: Disks

    case diskFull = "ENOSPC"
    case readOnly = "EROFS"
    case ioError = "EIO"
    case staleHandle = "ESTALE"
    case deviceGone = "ENODEV"
    case deviceUnavailable = "ENXIO"
    case notConnected = "ENOTCONN"
    case networkTimeout = "ETIMEDOUT"
    case hostDown = "EHOSTDOWN"

    // MARK: Calls

    /// No replica of the service runs.
    case noReplica = "no_replica"
    /// No replica of the service accepts connections, and the call was not sent; they may be back shortly.
    case replicaUnreachable = "replica_unreachable"
    /// The call was sent, and was lost with its replica, which may be back shortly.
    case replicaLost = "replica_lost"
    /// The call was lost with several processes in succession; a retry would probably crash another one.
    case replicaBroken = "replica_broken"
    /// The call was cancelled, and its reply did not arrive within the method's `settlementTimeout`.
    case notSettled = "not_settled"
    /// The call was not made because the breaker is open.
    case breakerOpen = "breaker_open"
}

extension ServiceError {
    /// The cause; `nil` if the error has no code, or a provider's code.
    package var cause: FaultCause? { providerCode.flatMap(FaultCause.init(rawValue:)) }

    /// Creates an error with a cause that programs act on.
    package init(
        _ kind: ErrorKind, _ message: String, retryable: Bool? = nil, provider: String? = nil, cause: FaultCause
    ) {
        self.init(kind, message, retryable: retryable, provider: provider, providerCode: cause.rawValue)
    }
}
