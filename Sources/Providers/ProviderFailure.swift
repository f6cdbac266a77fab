import FoundationEssentials
package import HTTP
package import JSONRPC
import Untrusted

/// What the refusals of those who draw and film for money mean: OpenAI, servers that speak like it, Replicate.
package struct ProviderFailure: Sendable {
    /// Who answered, for messages and for the caller.
    package let provider: String

    package init(provider: String) {
        self.provider = provider
    }

    /// - Parameter response: a refusal, or a success whose body is one.
    /// - Returns: `nil` for a success without an error in its body.
    package func error(_ response: HTTPResponse) -> ServiceError? {
        let body = RefusalBody(response.body, isSuccess: response.isSuccess)
        guard !response.isSuccess || body != nil else { return nil }
        let said = body?.message.flatMap(RefusalWords.readable)
        let codes = body?.codes ?? []
        let status = Self.status(response, body)
        let verdict = verdict(status, RefusalWords.meaning(codes: codes, message: body?.message ?? ""))
        let words = said ?? "answered \(response.status)\(Self.kindOfBody(response, body))"
        let isRejected = verdict.kind == .contentRejected
        var error = ServiceError(
            verdict.kind, "\(provider): \(words)\(verdict.advice)",
            retryable: Self.said(response.headers["x-should-retry"]) ?? verdict.retryable,
            retryAfter: response.retryAfter, detail: isRejected ? Self.reason(body, said) : nil,
            provider: provider, providerCode: Self.code(codes)?.printable().bounded(to: TextBound.quotation),
            requestID: Self.requestID(response))
        error.order = Self.fate(response.status, body)
        return error
    }

    /// The status to judge by: what a body within a success, or within a gateway's own failure, names itself.
    private static func status(_ response: HTTPResponse, _ body: RefusalBody?) -> Int {
        guard let number = body?.number else { return response.status }
        return response.isSuccess || response.status >= 500 && number < 500 ? number : response.status
    }

    /// The first word, or the number where that is all there is.
    private static func code(_ codes: [String]) -> String? {
        codes.first { $0.contains { !$0.isNumber } } ?? codes.first
    }

    private static func kindOfBody(_ response: HTTPResponse, _ body: RefusalBody?) -> String {
        if response.headers["content-type"]?.contains("html") == true { return " with a web page" }
        return body?.message == nil ? "" : " without words for people"
    }

    /// Why the content was rejected: the provider's words, and the categories that it names.
    private static func reason(_ body: RefusalBody?, _ said: String?) -> String? {
        guard let body else { return nil }
        let filters = body.filters.isEmpty ? nil : "filtered: \(body.filters.joined(separator: ", "))"
        let lines = [said ?? code(body.codes), filters].compactMap { $0?.printable() }
        return lines.isEmpty ? nil : lines.joined(separator: "\n").bounded(to: TextBound.detail)
    }

    private static func requestID(_ response: HTTPResponse) -> String? {
        ["x-request-id", "apim-request-id", "x-ms-request-id", "x-litellm-call-id"].lazy
            .compactMap { response.headers[$0] }.first?.printable().bounded(to: TextBound.quotation)
    }

    /// What an answer without a result says of an order.
    ///
    /// A gateway that got no answer in time does not know whether the server behind it took the order. An error within a success does
    /// not say whether the order was billed, unless it names a refusal's number.
    private static func fate(_ status: Int, _ body: RefusalBody?) -> OrderFate {
        switch status {
        case 200..<300:
            guard let number = body?.number, (400..<500).contains(number) else { return .unknown }
            return fate(number, nil)
        // 408 is what proxies of models answer when the server behind them took too long.
        case 408, 499, 502, 504, 520, 522, 524, 527, 598, 599: return .unknown
        case 500...: return RefusalWords.saysLost(body?.message ?? "", codes: body?.codes ?? []) ? .unknown : .refused
        default: return .refused
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
        _ status: Int, _ meaning: RefusalWords.Meaning?
    ) -> (kind: ErrorKind, retryable: Bool, advice: String) {
        switch meaning {
        case .contentRejected: return (.contentRejected, false, "")
        case .noCredit: return (.quotaExhausted, false, "; add credit to the account")
        case .noModel: return (.unavailable, false, "; choose another model")
        case .rateLimited: return (.rateLimited, true, "")
        case .unauthorized where status < 400: return (.unauthorized, false, "; check the key")
        case .unauthorized, nil: break
        }
        switch status {
        case 429: return (.rateLimited, true, "")
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

    private static func said(_ header: String?) -> Bool? {
        switch header {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
