// SPDX-License-Identifier: Apache-2.0

package import Faults
import Glibc
import HTTP

/// Why a request to AWS failed.
package struct AWSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure. `.corruptMedia`: the received bytes differ from the stored ones. `.quotaExhausted`: a limit of the account is
    /// reached. `.unavailable`: the endpoint is unreachable, misconfigured, or answered 5xx, or a local file failed.
    package var kind: ErrorKind
    /// One line that names the resource and what to do next.
    package var message: String
    /// Whether a retry of the same request may succeed.
    package var retryable: Bool
    /// The HTTP status of the response; `nil` if there was none.
    package var status: Int?
    /// AWS's error code, for example `AccessDenied`.
    package var code: String?
    /// AWS's identifier of the request, which AWS Support asks for.
    package var requestID: String?
    /// The `errno` of a failed access to a local file; `nil` for other failures.
    package var errno: Int32?
    /// The service that rejected the request; `nil` if no request was sent.
    package var service: AWSService?
    /// The delay in seconds before a retry, if AWS specified one.
    package var retryAfter: Double?
    /// The server's time of the response in seconds since 1970.
    var serverTime: Double?
    /// Whether the request was sent but its response was lost.
    var isResponseLost = false
    /// Whether the server ignored a range request and sent the whole object.
    var isRangeIgnored = false

    /// Creates an error.
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

    /// Creates an error for a local file that cannot be read or written.
    ///
    /// - Parameters:
    ///   - errno: the reason.
    ///   - message: names the file.
    package init(file errno: Int32, _ message: String) {
        self.init(.unavailable, message)
        self.errno = errno
    }

    /// The message.
    package var description: String { message }

    /// Creates an error from a failed exchange.
    ///
    /// - Parameter subject: the resource of the request, for example `s3://bucket/key`.
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
        isResponseLost = error.kind == .timeout || error.kind == .interrupted
        isRangeIgnored = error.kind == .notPartial
    }

    /// Whether the service may have executed the request although its response was lost.
    package var mayHaveBeenExecuted: Bool { isResponseLost }

    /// Whether a skewed clock may be the cause.
    var mayBeClockSkew: Bool {
        switch code {
        case "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch",
            "RequestInTheFuture", "AuthFailure":
            true
        default: false
        }
    }

    /// Whether AWS rejected the credentials, so that refreshing them may help.
    var isCredentialError: Bool {
        switch code {
        case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "InvalidAccessKeyId",
            "InvalidClientTokenId", "UnrecognizedClientException":
            true
        default: false
        }
    }
}
