package import Faults
package import Media

/// How the faults of media look to a caller.
extension MediaError: ServiceErrorConvertible {
    package var serviceError: ServiceError {
        switch kind {
        case .notFound: ServiceError(.notFound, message)
        case .corruptMedia, .unsupported: ServiceError(.corruptMedia, message)
        case .tooLarge: ServiceError(.tooLarge, message)
        case .noSpace: ServiceError(.unavailable, "\(message); make room and try again", cause: .diskFull)
        case .readOnly: ServiceError(.unavailable, message, cause: .readOnly)
        case .io: ServiceError(.unavailable, message)
        case .timeout: ServiceError(.timeout, message)
        case .cancelled: ServiceError(.cancelled, message)
        case .invalidArgument: ServiceError(.invalidParams, message)
        case .internal: ServiceError(.internal, message)
        }
    }
}
