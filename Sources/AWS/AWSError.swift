import HTTP

/// Why AWS did not do what it was asked to.
package struct AWSError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        case notFound = "not_found"
        /// Credentials are missing, wrong, expired, or not enough.
        case unauthorized
        /// AWS cannot be reached, answered 5xx, or is not what was configured.
        case unavailable
        case timeout
        case rateLimited = "rate_limited"
        /// A condition of the request did not hold.
        case conflict
        case tooLarge = "too_large"
        case invalidParams = "invalid_params"
        /// A local file could not be read or written; `errno` says why.
        case file
    }

    package var kind: Kind
    /// One line that names the place and what to do.
    package var message: String
    package var retryable: Bool
    /// AWS's own code, e.g. `AccessDenied`.
    package var code: String?
    package var requestID: String?
    package var errno: Int32?

    package init(
        _ kind: Kind, _ message: String, retryable: Bool = false, code: String? = nil, requestID: String? = nil,
        errno: Int32? = nil
    ) {
        self.kind = kind
        self.message = message
        self.retryable = retryable
        self.code = code
        self.requestID = requestID
        self.errno = errno
    }

    package var description: String { message }

    /// - Parameter name: what was worked on, e.g. `s3://bucket/key`.
    init(_ error: HTTPError, _ name: String) {
        let kind: Kind =
            switch error.kind {
            case .file: .file
            case .timeout: .timeout
            case .tooLarge: .tooLarge
            case .invalidRequest: .invalidParams
            case .unreachable, .untrusted, .interrupted: .unavailable
            }
        self.init(kind, "\(name): \(error.message)", retryable: error.isRetryable, errno: error.code)
    }
}
