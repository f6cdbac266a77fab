package import AWS
package import Faults
import Glibc

/// How the faults of AWS look to a caller.
extension AWSError: ServiceErrorConvertible {
    package var serviceError: ServiceError {
        // A local file's reason is told as that of any file.
        if kind == .file { return FileFailure.error(errno ?? EIO, message) }
        return ServiceError(
            ErrorKind(rawValue: kind.rawValue) ?? .unavailable, message, retryable: retryable, retryAfter: retryAfter,
            provider: service?.signingName, providerCode: code, requestID: requestID
        ).bounded
    }
}
