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
        /// A limit of the account.
        case quotaExhausted = "quota_exhausted"
        /// A condition of the request did not hold.
        case conflict
        case tooLarge = "too_large"
        case invalidParams = "invalid_params"
        /// What came is not what was stored.
        case corrupt = "corrupt_media"
        /// A local file could not be read or written; `errno` says why.
        case file
    }

    package var kind: Kind
    /// One line that names the place and what to do.
    package var message: String
    package var retryable: Bool
    /// The HTTP status of the answer; `nil` where none came.
    package var status: Int?
    /// AWS's own code, e.g. `AccessDenied`.
    package var code: String?
    package var requestID: String?
    package var errno: Int32?
    /// Who refused; `nil` where nobody was asked.
    package var service: AWSService?
    /// Seconds until a retry makes sense, where AWS told.
    package var retryAfter: Double?
    /// When it answered by its own clock, in seconds since 1970.
    var serverTime: Double?
    /// Whether the request may have been done although this came instead of an answer.
    var isLost = false
    /// Whether all of an object came where a part was asked for.
    var isWhole = false

    package init(
        _ kind: Kind, _ message: String, retryable: Bool = false, code: String? = nil, requestID: String? = nil,
        errno: Int32? = nil, service: AWSService? = nil
    ) {
        self.kind = kind
        self.message = message
        self.retryable = retryable
        self.code = code
        self.requestID = requestID
        self.errno = errno
        self.service = service
    }

    package var description: String { message }

    /// - Parameter subject: what was worked on, e.g. `s3://bucket/key`.
    init(_ error: HTTPError, _ subject: String, service: AWSService) {
        let kind: Kind =
            switch error.kind {
            case .file: .file
            case .timeout: .timeout
            case .tooLarge: .tooLarge
            case .invalidRequest: .invalidParams
            case .unreachable, .untrusted, .interrupted, .notPartial: .unavailable
            }
        self.init(
            kind, "\(subject): \(error.message)", retryable: error.isRetryable, errno: error.code, service: service)
        isLost = error.kind == .timeout || error.kind == .interrupted
        isWhole = error.kind == .notPartial
    }

    /// Whether the request may have been done although no answer came.
    package var mayHaveHappened: Bool { isLost }

    /// Whether another clock may mend it.
    var isAboutTime: Bool {
        switch code {
        case "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch",
            "RequestInTheFuture", "AuthFailure":
            true
        default: false
        }
    }

    /// Whether other credentials may mend it.
    var isAboutCredentials: Bool {
        switch code {
        case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "InvalidAccessKeyId",
            "InvalidClientTokenId", "UnrecognizedClientException":
            true
        default: false
        }
    }
}
