// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension JournalV2 {
    /// An error.
    struct Fault: Codable {
        /// A name in `StoredNames.faults`.
        var kind: String
        var message: String
        var isRetryable: Bool
        /// Seconds.
        var retryAfter: Double?
        var detail: String?
        var provider: String?
        var providerCode: String?
        var requestID: String?
        var wastedMicros: Int64?
        var unknownMicros: Int64?
        var nextAttempt: Int?

        private enum CodingKeys: String, CodingKey {
            case kind, message, detail, provider
            case isRetryable = "retryable"
            case retryAfter = "retry_after_s"
            case providerCode = "provider_code"
            case requestID = "request_id"
            case wastedMicros = "wasted_micros"
            case unknownMicros = "unknown_micros"
            case nextAttempt = "next_attempt"
        }

        init(_ error: ServiceError) throws {
            kind = try StoredNames.faults.name(of: error.kind)
            message = error.message
            isRetryable = error.retryable
            retryAfter = error.retryAfter
            detail = error.detail
            provider = error.provider
            providerCode = error.providerCode
            requestID = error.requestID
            wastedMicros = error.wastedMicros
            unknownMicros = error.unknownMicros
            nextAttempt = error.nextAttempt
        }

        /// The stored error.
        ///
        /// - Throws: `DecodingError` for an unknown kind.
        func value() throws -> ServiceError {
            guard let kind = StoredNames.faults[kind] else {
                throw DecodingError.unknownName(at: CodingKeys.kind, of: StoredNames.faults.all)
            }
            var error = ServiceError(
                kind, message, retryable: isRetryable, retryAfter: retryAfter,
                detail: detail, provider: provider, providerCode: providerCode, requestID: requestID)
            error.wasted = USD(micros: wastedMicros ?? 0)
            error.unknown = USD(micros: unknownMicros ?? 0)
            error.nextAttempt = nextAttempt
            return error.bounded
        }
    }
}
