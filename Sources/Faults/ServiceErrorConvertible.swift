// SPDX-License-Identifier: Apache-2.0

/// A library's error that defines how it is reported to a remote caller.
package protocol ServiceErrorConvertible: Error {
    /// The error as it is sent to the caller.
    var serviceError: ServiceError { get }
}

extension ServiceError: ServiceErrorConvertible {
    /// The error itself.
    package var serviceError: ServiceError { self }

    /// Converts any error to the one that is reported to a caller.
    ///
    /// `CancellationError` becomes `cancelled`, `DecodingError` becomes `invalid_params`, an unknown error `internal`.
    package init(wrapping error: any Error) {
        switch error {
        case let error as any ServiceErrorConvertible: self = error.serviceError
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        case let error as DecodingError: self = .invalidParams(from: error)
        default: self.init(.internal, "\(error)")
        }
    }
}
