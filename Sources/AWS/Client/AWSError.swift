package import Faults
import Glibc
import HTTP

/// Why AWS did not do what it was asked to.
package struct AWSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `.corruptMedia`: what came is not what was stored. `.quotaExhausted`: a limit of the account. `.unavailable`: AWS cannot be
    /// reached, answered 5xx, is not what was configured, or a local file failed.
    package var kind: ErrorKind
    /// One line that names the place and what to do.
    package var message: String
    package var retryable: Bool
    /// The HTTP status of the answer; `nil` where none came.
    package var status: Int?
    /// AWS's own code, e.g. `AccessDenied`.
    package var code: String?
    package var requestID: String?
    /// Why a local file could not be read or written; `nil` where none is the reason.
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
        _ kind: ErrorKind, _ message: String, retryable: Bool = false, code: String? = nil, requestID: String? = nil,
        service: AWSService? = nil
    ) {
        self.kind = kind
        self.message = message
        self.retryable = retryable
        self.code = code
        self.requestID = requestID
        self.service = service
    }

    /// A local file could not be read or written.
    ///
    /// - Parameters:
    ///   - errno: why.
    ///   - message: names the file.
    package init(file errno: Int32, _ message: String) {
        self.init(.unavailable, message)
        self.errno = errno
    }

    package var description: String { message }

    /// - Parameter subject: what was worked on, e.g. `s3://bucket/key`.
    init(_ error: HTTPError, _ subject: String, service: AWSService) {
        let kind: ErrorKind =
            switch error.kind {
            case .timeout: .timeout
            case .tooLarge: .tooLarge
            case .invalidRequest: .invalidParams
            case .unreachable, .untrusted, .interrupted, .notPartial, .file: .unavailable
            }
        self.init(kind, "\(subject): \(error.message)", retryable: error.isRetryable, service: service)
        if error.kind == .file { errno = error.code ?? EIO }
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
