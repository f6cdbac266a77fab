// SPDX-License-Identifier: Apache-2.0

package import Faults
package import Media

/// Maps the errors of `Media` to the wire.
extension MediaError: ServiceErrorConvertible {
    /// The error that a caller of the service receives. Unsupported media are `corrupt_media`; a full disk, a read-only file system and
    /// I/O errors are `unavailable`.
    package var serviceError: ServiceError {
        switch kind {
        case .notFound: ServiceError(.notFound, message)
        case .corruptMedia, .unsupported: ServiceError(.corruptMedia, message)
        case .tooLarge: ServiceError(.tooLarge, message)
        case .noSpace: ServiceError(.unavailable, "\(message): free some space and try again", cause: .diskFull)
        case .readOnly: ServiceError(.unavailable, message, cause: .readOnly)
        case .io: ServiceError(.unavailable, message)
        case .timeout: ServiceError(.timeout, message)
        case .cancelled: ServiceError(.cancelled, message)
        case .invalidArgument: ServiceError(.invalidParams, message)
        case .internal: ServiceError(.internal, message)
        }
    }
}
