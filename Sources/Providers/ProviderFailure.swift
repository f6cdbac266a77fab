package import Faults
import FoundationEssentials
package import HTTP
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
        let meaning = RefusalWords.meaning(codes: codes, message: body?.message ?? "")
        let verdict = verdict(status, meaning)
        let words = said ?? "answered \(response.status)\(Self.kindOfBody(response, body))"
        let isRejected = verdict.kind == .contentRejected
        var error = ServiceError(
            verdict.kind, "\(provider): \(words)\(verdict.advice)",
            retryable: Self.said(response.headers["x-should-retry"]) ?? verdict.retryable,
            retryAfter: response.retryAfter, detail: isRejected ? Self.reason(body, said) : nil,
            provider: provider, providerCode: Self.code(codes)?.printable().bounded(to: TextBound.quotation),
            requestID: Self.requestID(response))
        error.order = Self.outcome(response.status, body, meaning).fate
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

    // MARK: - The order

    /// What an answer without a result says of an order.
    package func outcome(_ response: HTTPResponse) -> OrderOutcome {
        let body = RefusalBody(response.body, isSuccess: response.isSuccess)
        return Self.outcome(
            response.status, body, RefusalWords.meaning(codes: body?.codes ?? [], message: body?.message ?? ""))
    }

    /// A gateway that got no answer in time does not know whether the server behind it took the order. A server that fails may have
    /// taken it before, unless it passes on a refusal in words or by its number.
    private static func outcome(_ status: Int, _ body: RefusalBody?, _ meaning: RefusalWords.Meaning?) -> OrderOutcome {
        switch status {
        case 200..<300: return body?.number.map { outcome($0, nil, nil) } ?? .failed
        // 408 is what proxies of models answer when the server behind them took too long.
        case 408, 499, 502, 504, 520, 522, 524, 527, 598, 599: return .lost
        case 400..<500: return .refused
        case 500...:
            if RefusalWords.saysLost(body?.message ?? "", codes: body?.codes ?? []) { return .lost }
            if let number = body?.number, number < 500 { return outcome(number, nil, nil) }
            switch meaning {
            case .contentRejected, .noCredit, .noModel, .unauthorized: return .refused
            case .rateLimited, nil: return .failed
            }
        default: return .failed
        }
    }

    /// Whether a server that failed reports that it did not process the order, in words or by naming a time to come again.
    package func saysUnprocessed(_ response: HTTPResponse) -> Bool {
        guard response.status == 429 || response.status >= 500, outcome(response) != .lost else { return false }
        if [429, 503, 529].contains(response.status), response.retryAfter != nil { return true }
        guard let body = RefusalBody(response.body, isSuccess: false) else { return false }
        return RefusalWords.saysUnprocessed(body.message ?? "", codes: body.codes)
    }

    /// A success that is no result, and in which nothing but its words says that it is a refusal.
    ///
    /// - Returns: `nil` for an answer without words; otherwise an error that is not to be repeated, of unknown fate.
    package func wordsOfSuccess(_ response: HTTPResponse) -> ServiceError? {
        guard let (words, code) = RefusalBody.words(response.body), let text = RefusalWords.readable(words) else {
            return nil
        }
        let verdict = verdict(200, RefusalWords.meaning(codes: [code].compactMap { $0 }, message: words))
        let isRejected = verdict.kind == .contentRejected
        var error = ServiceError(
            verdict.kind, "\(provider): \(text)\(verdict.advice)", retryable: false, detail: isRejected ? text : nil,
            provider: provider, providerCode: code?.printable().bounded(to: TextBound.quotation),
            requestID: Self.requestID(response))
        error.order = .unknown
        return error
    }

    // MARK: -

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
        case 300..<400: return (.unavailable, false, "; check the base URL")
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
