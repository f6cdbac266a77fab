package import AWS
package import Faults

/// How the faults of AWS look to a caller.
extension AWSError: ServiceErrorConvertible {
    package var serviceError: ServiceError {
        // A local file's reason is told as that of any file.
        if let errno { return FileFailure.error(errno, message) }
        return ServiceError(
            kind, message, retryable: retryable, retryAfter: retryAfter,
            provider: service?.signingName, providerCode: code, requestID: requestID
        ).bounded
    }
}
