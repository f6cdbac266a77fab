// SPDX-License-Identifier: Apache-2.0

package import Faults
import Glibc

/// Maps `errno` values to errors for callers.
package enum FileFailure {
    /// The error for an `errno`.
    ///
    /// - Parameter action: the failed action with the path, for example `cannot open /tmp/a`.
    package static func error(_ code: Int32, _ action: String) -> ServiceError {
        switch code {
        case ENOENT: ServiceError(.notFound, "\(action): no such file")
        case ENOSPC, EDQUOT:
            ServiceError(.unavailable, "\(action): the disk is full: free some space and try again", cause: .diskFull)
        case EROFS:
            ServiceError(.unavailable, "\(action): the store is read-only", retryable: false, cause: .readOnly)
        case EACCES, EPERM: ServiceError(.unauthorized, "\(action): permission denied")
        default:
            ServiceError(
                .unavailable, "\(action): \(String(cString: strerror(code)))", providerCode: unavailable[code]?.rawValue
            )
        }
    }

    /// Errors of storage that is temporarily unavailable.
    private static let unavailable: [Int32: FaultCause] = [
        EIO: .ioError, ESTALE: .staleHandle, ENODEV: .deviceGone, ENXIO: .deviceUnavailable, ENOTCONN: .notConnected,
        ETIMEDOUT: .networkTimeout, EHOSTDOWN: .hostDown,
    ]
}
