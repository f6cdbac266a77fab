import FoundationEssentials
package import HTTP
package import JSONRPC
import Untrusted

/// What the refusals of those who draw and film for money mean: OpenAI, servers that speak like it, Replicate.
package struct ProviderFailure: Sendable {
    private struct Answer: Decodable {
        var error: JSONValue?
        var detail: JSONValue?
    }

    /// Who answered, for messages and for the caller.
    package let provider: String

    package init(provider: String) {
        self.provider = provider
    }

    /// - Parameter response: a refusal, or a success whose body is one.
    /// - Returns: `nil` for a success without an error in its body.
    package func error(_ response: HTTPResponse) -> ServiceError? {
        let answer = try? JSONDecoder().decode(Answer.self, from: response.body)
        let said = answer?.error.flatMap { $0 == .null ? nil : $0 } ?? answer?.detail
        guard !response.isSuccess || said != nil else { return nil }
        // An object, a text, or a list of violations.
        let message = said?["message"]?.string ?? said?.string ?? said?.array.map { Self.violations($0) }
        let code = (said?["code"]?.string ?? said?["type"]?.string)?.bounded(to: TextBound.quotation)
        let verdict = verdict(response.status, code ?? "", message ?? "")
        var words = message.map { $0.bounded(to: 1000) } ?? "answered \(response.status)"
        if message == nil, response.headers["content-type"]?.contains("html") == true { words += " with a web page" }
        var error = ServiceError(
            verdict.kind, "\(provider): \(words)\(verdict.advice)",
            retryable: Self.said(response.headers["x-should-retry"]) ?? verdict.retryable,
            retryAfter: response.retryAfter,
            detail: verdict.kind == .contentRejected ? message?.bounded(to: TextBound.detail) : nil,
            provider: provider, providerCode: code,
            requestID: response.headers["x-request-id"]?.bounded(to: TextBound.quotation))
        error.order = Self.fate(response.status)
        return error
    }

    /// What an answer without a result says of an order: a gateway that got no answer in time does not know whether the server
    /// behind it took the order, and an error within a success does not say whether it was billed.
    private static func fate(_ status: Int) -> OrderFate {
        switch status {
        case 200..<300, 502, 504, 520, 524: .unknown
        default: .refused
        }
    }

    /// No answer that could be read came.
    package func error(_ error: HTTPError) -> ServiceError {
        var failure =
            switch error.kind {
            case .timeout:
                ServiceError(.timeout, "\(provider): \(error.message)", retryable: true, provider: provider)
            case .tooLarge: ServiceError(.tooLarge, "\(provider): \(error.message)", provider: provider)
            case .file: ServiceError(.unavailable, error.message)
            case .invalidRequest, .untrusted, .unreachable, .interrupted, .notPartial:
                ServiceError(
                    .unavailable, "\(provider): \(error.message)", retryable: error.isRetryable, provider: provider)
            }
        failure.order = !error.wasSent ? .refused : error.kind == .tooLarge ? .billed : .unknown
        return failure
    }

    private func verdict(
        _ status: Int, _ code: String, _ message: String
    ) -> (kind: ErrorKind, retryable: Bool, advice: String) {
        switch code {
        case "moderation_blocked", "content_policy_violation", "content_filter", "safety_violations":
            return (.contentRejected, false, "")
        case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active":
            return (.quotaExhausted, false, "; add credit to the account")
        case "model_not_found":
            return (.unavailable, false, "; choose another model")
        default: break
        }
        switch status {
        case 429:
            return message.contains("exceeded your current quota")
                ? (.quotaExhausted, false, "; add credit to the account") : (.rateLimited, true, "")
        case 401: return (.unauthorized, false, "; check the key")
        case 403: return (.unauthorized, false, "; let this key use the model")
        case 402: return (.quotaExhausted, false, "; add credit to the account")
        case 404: return (.unavailable, false, "; check the base URL and the model")
        case 408, 409, 425: return (.unavailable, true, "")
        case 413: return (.tooLarge, false, "")
        case 400..<500: return (.invalidParams, false, "")
        default: return (.unavailable, true, "")
        }
    }

    private static func violations(_ list: [JSONValue]) -> String {
        list.compactMap { $0["msg"]?.string ?? $0["message"]?.string ?? $0.string }.joined(separator: "; ")
    }

    private static func said(_ header: String?) -> Bool? {
        switch header {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
