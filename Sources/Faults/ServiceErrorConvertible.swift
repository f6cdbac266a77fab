/// An error of a library that knows how it looks to a caller over the wire.
package protocol ServiceErrorConvertible: Error {
    var serviceError: ServiceError { get }
}

extension ServiceError: ServiceErrorConvertible {
    package var serviceError: ServiceError { self }

    /// What a caller is told about an error of any kind.
    package init(wrapping error: any Error) {
        switch error {
        case let error as any ServiceErrorConvertible: self = error.serviceError
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        case let error as DecodingError: self = .invalidParams(from: error)
        default: self.init(.internal, "\(error)")
        }
    }
}
