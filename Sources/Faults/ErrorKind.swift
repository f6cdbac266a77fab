// SPDX-License-Identifier: Apache-2.0

/// The classes of failure that services report, with their JSON-RPC codes.
package enum ErrorKind: String, Sendable, Codable, CaseIterable {
    /// The line was not JSON, not UTF-8, or longer than the limit.
    case parse
    /// The message is JSON but not a JSON-RPC 2.0 request.
    case invalidRequest = "invalid_request"
    /// The service has no method of that name.
    case methodNotFound = "method_not_found"
    /// The parameters have the wrong shape or value; the message names the JSON pointer and what was expected.
    case invalidParams = "invalid_params"
    /// A bug or an unexpected condition in the service itself.
    case `internal`
    /// The caller cancelled the call or closed its connection.
    case cancelled
    /// The replica is at capacity or draining; another replica may accept the call.
    case busy
    /// A deadline or a stall timeout passed.
    case timeout
    /// A dependency of the service cannot be reached or replied with 5xx, or the disk is full.
    case unavailable
    /// Too many requests; `retryAfter` is set if the provider stated a delay.
    case rateLimited = "rate_limited"
    /// The account has no credit or quota left; a retry cannot succeed.
    case quotaExhausted = "quota_exhausted"
    /// A safety system rejected the input or the output.
    case contentRejected = "content_rejected"
    /// A named artifact or job does not exist.
    case notFound = "not_found"
    /// The media do not decode, or are shorter than declared.
    case corruptMedia = "corrupt_media"
    /// Credentials are missing, wrong or expired, or the peer is not allowed.
    case unauthorized
    /// An image, a narration, a storyboard or a message exceeds its bound.
    case tooLarge = "too_large"
    /// The idempotency key was used with other parameters, or the state does not allow the call.
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

    /// Whether the same call may succeed if it is retried, unless the error itself states otherwise.
    package var isRetryable: Bool {
        switch self {
        case .busy, .timeout, .unavailable, .rateLimited: true
        default: false
        }
    }

    /// The kind for a JSON-RPC code; `internal` for an unknown code.
    package init(code: Int) {
        self = Self.allCases.first { $0.code == code } ?? .internal
    }
}
