// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Untrusted

extension JournalV1 {
    /// An error in the wire format of that time: `{"code", "message", "data": {"kind", ...}}`. Members of `data` with an unexpected type
    /// count as absent, as they did then.
    struct Fault: Decodable {
        let value: ServiceError

        private enum Field: String, CodingKey {
            case code, message, data
        }

        private enum Detail: String, CodingKey {
            case kind, retryable, detail, provider
            case retryAfter = "retry_after_s"
            case wasted = "wasted_usd"
            case unknown = "unknown_usd"
            case nextAttempt = "next_attempt"
            case providerCode = "provider_code"
            case requestID = "request_id"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            let code = try fields.decode(Int.self, forKey: .code)
            let message = try fields.decode(String.self, forKey: .message)
            let details = try? fields.nestedContainer(keyedBy: Detail.self, forKey: .data)
            func text(_ key: Detail) -> String? { try? details?.decodeIfPresent(String.self, forKey: key) }
            func number(_ key: Detail) -> Double? { try? details?.decodeIfPresent(Double.self, forKey: key) }
            var fault = ServiceError(
                text(.kind).flatMap { StoredNames.faults[$0] } ?? ErrorKind(code: code), message,
                retryable: try? details?.decodeIfPresent(Bool.self, forKey: .retryable),
                retryAfter: number(.retryAfter), detail: text(.detail), provider: text(.provider),
                providerCode: text(.providerCode), requestID: text(.requestID))
            fault.wasted = Self.amount(number(.wasted))
            fault.unknown = Self.amount(number(.unknown))
            fault.nextAttempt = try? details?.decodeIfPresent(Int.self, forKey: .nextAttempt)
            value = fault.bounded
        }

        /// - Returns: the amount, clamped to 0 to 1,000,000 dollars.
        private static func amount(_ dollars: Double?) -> USD {
            USD(micros: dollars.map { Int64(clamping: $0.clamped(to: 0...1e6) * 1_000_000) } ?? 0)
        }
    }
}
