// SPDX-License-Identifier: Apache-2.0

import Faults

/// An error in a script, or in the output of a user's program: the members of an RPC error's `data`, and its message.
struct LeadFailure: Codable, Sendable {
    var kind: ErrorKind
    var message: String
    var retryable: Bool?
    var retryAfter: Double?
    var detail: String?
    var provider: String?
    var providerCode: String?
    var requestID: String?

    private enum CodingKeys: String, CodingKey {
        case kind, message, retryable, detail, provider
        case retryAfter = "retry_after_s"
        case providerCode = "provider_code"
        case requestID = "request_id"
    }

    /// The error, with bounded texts.
    var error: ServiceError {
        ServiceError(
            kind, message, retryable: retryable, retryAfter: retryAfter, detail: detail, provider: provider,
            providerCode: providerCode, requestID: requestID
        ).bounded
    }
}
