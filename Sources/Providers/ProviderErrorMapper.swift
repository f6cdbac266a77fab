// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
package import HTTP
import Untrusted

/// Maps error responses and transport errors of image and video providers to `ServiceError`: OpenAI, servers with a compatible API,
/// Replicate.
///
/// ```swift
/// let mapper = ProviderErrorMapper(provider: "openai")
/// if let error = mapper.error(response) { throw error }
/// ```
package struct ProviderErrorMapper: Sendable {
    /// The provider's name in messages and in `ServiceError.provider`.
    package let provider: String

    /// - Parameter provider: The provider's name.
    package init(provider: String) {
        self.provider = provider
    }

    /// Maps an error response, or a successful response whose body contains an error.
    ///
    /// The error's `chargeStatus` is that of an order with this response.
    ///
    /// - Returns: `nil` for a successful response without an error in its body.
    package func error(_ response: HTTPResponse) -> ServiceError? {
        let body = ErrorBody(response.body, isSuccess: response.isSuccess)
        guard !response.isSuccess || body != nil else { return nil }
        let message = body?.message.flatMap(ErrorClassification.readable)
        let codes = body?.codes ?? []
        let status = Self.status(response, body)
        let cause = ErrorClassification.cause(codes: codes, message: body?.message ?? "")
        let mapping = mapping(status, cause)
        let text = message ?? "answered \(response.status)\(Self.bodyHint(response, body))"
        let isRejected = mapping.kind == .contentRejected
        var error = ServiceError(
            mapping.kind, "\(provider): \(text)\(mapping.advice)",
            retryable: Self.boolean(response.headers["x-should-retry"]) ?? mapping.retryable,
            retryAfter: response.retryAfter, detail: isRejected ? Self.reason(body, message) : nil,
            provider: provider, providerCode: Self.code(codes)?.printable().bounded(to: TextBound.quotation),
            requestID: Self.requestID(response))
        error.chargeStatus = Self.outcome(response.status, body, cause).chargeStatus
        return error
    }

    /// The status to map: the one that the body names inside a success or a gateway error, else the HTTP status.
    private static func status(_ response: HTTPResponse, _ body: ErrorBody?) -> Int {
        guard let number = body?.number else { return response.status }
        return response.isSuccess || response.status >= 500 && number < 500 ? number : response.status
    }

    /// The first code that is a word, or the number if there is no other code.
    private static func code(_ codes: [String]) -> String? {
        codes.first { $0.contains { !$0.isNumber } } ?? codes.first
    }

    private static func bodyHint(_ response: HTTPResponse, _ body: ErrorBody?) -> String {
        if response.headers["content-type"]?.contains("html") == true { return " with a web page" }
        return body?.message == nil ? "" : " without a readable message"
    }

    /// The reason for a content rejection: the provider's message and the filter categories that it names.
    private static func reason(_ body: ErrorBody?, _ message: String?) -> String? {
        guard let body else { return nil }
        let filters = body.filters.isEmpty ? nil : "filtered: \(body.filters.joined(separator: ", "))"
        let lines = [message ?? code(body.codes), filters].compactMap { $0?.printable() }
        return lines.isEmpty ? nil : lines.joined(separator: "\n").bounded(to: TextBound.detail)
    }

    private static func requestID(_ response: HTTPResponse) -> String? {
        ["x-request-id", "apim-request-id", "x-ms-request-id", "x-litellm-call-id"].lazy
            .compactMap { response.headers[$0] }.first?.printable().bounded(to: TextBound.quotation)
    }

    // MARK: - Outcome of an order

    /// Returns what a response without a result shows of the order that it responds to.
    package func outcome(_ response: HTTPResponse) -> OrderOutcome {
        let body = ErrorBody(response.body, isSuccess: response.isSuccess)
        return Self.outcome(
            response.status, body, ErrorClassification.cause(codes: body?.codes ?? [], message: body?.message ?? ""))
    }

    /// A gateway timeout leaves it open whether the upstream server accepted the order. A server error may follow acceptance,
    /// unless it passes on a rejection by its message or status number.
    private static func outcome(
        _ status: Int, _ body: ErrorBody?, _ cause: ErrorClassification.Cause?
    ) -> OrderOutcome {
        switch status {
        case 200..<300: return body?.number.map { outcome($0, nil, nil) } ?? .failed
        // Model proxies answer 408 when the upstream server timed out.
        case 408, 499, 502, 504, 520, 522, 524, 527, 598, 599: return .lost
        case 400..<500: return .refused
        case 500...:
            if ErrorClassification.reportsUpstreamLoss(body?.message ?? "", codes: body?.codes ?? []) { return .lost }
            if let number = body?.number, number < 500 { return outcome(number, nil, nil) }
            switch cause {
            case .contentRejected, .noCredit, .modelNotFound, .unauthorized: return .refused
            case .rateLimited, nil: return .failed
            }
        default: return .failed
        }
    }

    /// Whether an error response reports that the order was not processed, by its message or by a retry time.
    package func reportsUnprocessed(_ response: HTTPResponse) -> Bool {
        guard response.status == 429 || response.status >= 500, outcome(response) != .lost else { return false }
        if [429, 503, 529].contains(response.status), response.retryAfter != nil { return true }
        guard let body = ErrorBody(response.body, isSuccess: false) else { return false }
        return ErrorClassification.reportsUnprocessed(body.message ?? "", codes: body.codes)
    }

    /// Maps a successful response that contains neither a result nor a marked error, but a message.
    ///
    /// - Returns: `nil` for a response without a readable message; otherwise an error that is not retryable and whose `chargeStatus` is
    ///   `unknown`.
    package func errorInSuccess(_ response: HTTPResponse) -> ServiceError? {
        guard let (message, code) = ErrorBody.unmarkedMessage(response.body),
            let text = ErrorClassification.readable(message)
        else { return nil }
        let mapping = mapping(200, ErrorClassification.cause(codes: [code].compactMap { $0 }, message: message))
        let isRejected = mapping.kind == .contentRejected
        var error = ServiceError(
            mapping.kind, "\(provider): \(text)\(mapping.advice)", retryable: false, detail: isRejected ? text : nil,
            provider: provider, providerCode: code?.printable().bounded(to: TextBound.quotation),
            requestID: Self.requestID(response))
        error.chargeStatus = .unknown
        return error
    }

    // MARK: - Errors

    /// Maps a transport error. Its `chargeStatus` is that of the failed request.
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
        failure.chargeStatus = !error.wasSent ? .refused : error.kind == .tooLarge ? .billed : .unknown
        return failure
    }

    private func mapping(
        _ status: Int, _ cause: ErrorClassification.Cause?
    ) -> (kind: ErrorKind, retryable: Bool, advice: String) {
        switch cause {
        case .contentRejected: return (.contentRejected, false, "")
        case .noCredit: return (.quotaExhausted, false, "; add credit to the account")
        case .modelNotFound: return (.unavailable, false, "; choose another model")
        case .rateLimited: return (.rateLimited, true, "")
        case .unauthorized where status < 400: return (.unauthorized, false, "; check the key")
        case .unauthorized, nil: break
        }
        switch status {
        case 300..<400: return (.unavailable, false, "; check the base URL")
        case 429: return (.rateLimited, true, "")
        case 401: return (.unauthorized, false, "; check the key")
        case 403:
            return (
                .unauthorized, false,
                "; the key may lack access to the model: check its permissions at the provider"
            )
        case 402: return (.quotaExhausted, false, "; add credit to the account")
        case 404: return (.unavailable, false, "; check the base URL and the model")
        case 408, 409, 425: return (.unavailable, true, "")
        case 413: return (.tooLarge, false, "")
        case 400..<500: return (.invalidParams, false, "")
        default: return (.unavailable, true, "")
        }
    }

    private static func boolean(_ header: String?) -> Bool? {
        switch header {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
