// SPDX-License-Identifier: Apache-2.0

package import AWS
package import Faults

/// Maps errors of AWS to the wire format.
extension AWSError: ServiceErrorConvertible {
    /// The error as callers receive it, with bounded texts.
    package var serviceError: ServiceError {
        // Errors of local files map like those of `FileStore`.
        if let errno { return FileFailure.error(errno, message) }
        return ServiceError(
            kind, message, retryable: retryable, retryAfter: retryAfter,
            provider: service?.signingName, providerCode: code, requestID: requestID
        ).bounded
    }
}
