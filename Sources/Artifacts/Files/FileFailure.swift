package import Faults
import Glibc

/// What an `errno` means to a caller.
package enum FileFailure {
    /// - Parameter doing: what was tried, with the path.
    package static func error(_ code: Int32, _ doing: String) -> ServiceError {
        switch code {
        case ENOENT: ServiceError(.notFound, "\(doing): no such file")
        case ENOSPC, EDQUOT:
            ServiceError(.unavailable, "\(doing): the disk is full; make room and try again", cause: .diskFull)
        case EROFS:
            ServiceError(.unavailable, "\(doing): the store is read-only", retryable: false, cause: .readOnly)
        case EACCES, EPERM: ServiceError(.unauthorized, "\(doing): permission denied")
        default:
            ServiceError(
                .unavailable, "\(doing): \(String(cString: strerror(code)))", providerCode: away[code]?.rawValue)
        }
    }

    /// What a store says that is away, and may come back.
    private static let away: [Int32: FaultCause] = [
        EIO: .ioError, ESTALE: .staleHandle, ENODEV: .deviceGone, ENXIO: .deviceAway, ENOTCONN: .notConnected,
        ETIMEDOUT: .networkTimeout, EHOSTDOWN: .hostDown,
    ]
}
