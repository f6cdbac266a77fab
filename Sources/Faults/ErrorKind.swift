/// The classes of failure that every service speaks of, with their JSON-RPC codes.
package enum ErrorKind: String, Sendable, Codable, CaseIterable {
    /// The line was not JSON, not UTF-8, or longer than the limit.
    case parse
    /// JSON, but not a JSON-RPC 2.0 request.
    case invalidRequest = "invalid_request"
    /// The service has no method of that name.
    case methodNotFound = "method_not_found"
    /// The parameters have the wrong shape or value; the message names the JSON pointer and what was expected.
    case invalidParams = "invalid_params"
    /// A fault of our own.
    case `internal`
    /// The caller cancelled, or closed its connection.
    case cancelled
    /// At capacity or draining: another replica may answer at once.
    case busy
    /// A deadline or a stall bound passed.
    case timeout
    /// What stands behind the service cannot be reached, or answered 5xx, or the disk is full.
    case unavailable
    /// Too many requests; `retryAfter` says when, if the provider told.
    case rateLimited = "rate_limited"
    /// No credit or quota is left: retrying cannot help.
    case quotaExhausted = "quota_exhausted"
    /// A safety system refused the input or the output.
    case contentRejected = "content_rejected"
    /// A named artifact or job does not exist.
    case notFound = "not_found"
    /// Bytes that do not decode, or are shorter than promised.
    case corruptMedia = "corrupt_media"
    /// Credentials are missing, wrong or expired, or the peer is not allowed.
    case unauthorized
    /// An image, a narration or a storyboard beyond its bound.
    case tooLarge = "too_large"
    /// The same idempotency key with other parameters, or a call in the wrong state.
    case conflict

    /// The JSON-RPC error code.
    package var code: Int {
        switch self {
        case .parse: -32700
        case .invalidRequest: -32600
        case .methodNotFound: -32601
        case .invalidParams: -32602
        case .internal: -32603
        case .cancelled: -32800
        case .busy: -32009
        case .timeout: -32010
        case .unavailable: -32011
        case .rateLimited: -32012
        case .quotaExhausted: -32013
        case .contentRejected: -32014
        case .notFound: -32015
        case .corruptMedia: -32016
        case .unauthorized: -32017
        case .tooLarge: -32018
        case .conflict: -32019
        }
    }

    /// Whether the same call may succeed when it is made again, if nobody says otherwise.
    package var isRetryable: Bool {
        switch self {
        case .busy, .timeout, .unavailable, .rateLimited: true
        default: false
        }
    }

    /// The kind that a code of a foreign peer stands for; unknown codes are faults of its own.
    package init(code: Int) {
        self = Self.allCases.first { $0.code == code } ?? .internal
    }
}
