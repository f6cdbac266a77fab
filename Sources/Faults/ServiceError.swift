import Untrusted

/// The one error of the house: what went wrong, in words that tell the user what to do next, and as fields that a program
/// can act on. This file is the only place that maps it to the wire, `{code, message, data: {kind, retryable, ...}}`.
package struct ServiceError: Error, Sendable, Equatable {
    package var kind: ErrorKind
    /// One line that names the place and what to do.
    package var message: String
    /// Whether the same call may succeed when made again.
    package var retryable: Bool
    /// Seconds until a retry makes sense, if the provider said so; 0 to 30 days, whatever came.
    package var retryAfter: Double? {
        didSet { retryAfter = retryAfter.map(Self.clampedWait) }
    }
    /// The provider's own words, or the violations of an input, one a line.
    package var detail: String?
    /// Who failed behind the service: `openai`, `replicate`, `mediaconvert`, ...
    package var provider: String?
    /// The provider's own code for the failure.
    package var providerCode: String?
    /// The provider's id of the request, for its support.
    package var requestID: String?
    /// Millionths of a US dollar that were spent before this failure on results that cannot be used.
    package var wastedMicros: Int64?
    /// Millionths of a US dollar that orders may have cost of which no answer says whether they were taken.
    package var unknownMicros: Int64?
    /// What to send as `attempt` to continue after this failure; absent if nothing is left to try.
    package var nextAttempt: Int?
    /// What became of the order that failed. Not sent to callers, who get the amounts.
    package var order: OrderFate?

    package init(
        _ kind: ErrorKind, _ message: String, retryable: Bool? = nil, retryAfter: Double? = nil,
        detail: String? = nil, provider: String? = nil, providerCode: String? = nil, requestID: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.retryable = retryable ?? kind.isRetryable
        self.retryAfter = retryAfter.map(Self.clampedWait)
        self.detail = detail
        self.provider = provider
        self.providerCode = providerCode
        self.requestID = requestID
    }

    private static func clampedWait(_ seconds: Double) -> Double { seconds.clamped(to: 0...30 * 86_400) }

    /// Parameters of the wrong shape or value.
    ///
    /// - Parameters:
    ///   - pointer: the RFC 6901 JSON pointer of the member, from the root of `params`, e.g. `/clips/0/duration`.
    ///   - expected: what should stand there, e.g. `a number of seconds from 0.1 to 3600`.
    package static func invalidParams(at pointer: String, expected: String) -> ServiceError {
        let pointer = pointer.bounded(to: TextBound.quotation)
        let place = pointer.isEmpty ? "params" : pointer
        return ServiceError(
            .invalidParams, "\(place): expected \(expected.bounded(to: TextBound.message / 2))", detail: pointer)
    }
}

extension ServiceError: CustomStringConvertible {
    package var description: String { "\(kind.rawValue): \(message)" }
}

extension ServiceError {
    /// The error with its texts within `TextBound`: the message at most 4 KiB, the detail 16 KiB. What comes over the wire is
    /// bounded when it is decoded.
    package var bounded: ServiceError {
        var error = self
        error.message = message.bounded(to: TextBound.message)
        error.detail = detail?.bounded(to: TextBound.detail)
        error.provider = provider?.bounded(to: TextBound.quotation)
        error.providerCode = providerCode?.bounded(to: TextBound.quotation)
        error.requestID = requestID?.bounded(to: TextBound.quotation)
        return error
    }
}

/// Texts are bounded and numbers clamped where they leave the process and where they enter it: an error's words come from
/// agents, providers and callers.
extension ServiceError: Codable {
    private enum CodingKeys: String, CodingKey {
        case code, message, data
    }

    private enum DataKeys: String, CodingKey {
        case kind, retryable, detail, provider
        case retryAfter = "retry_after_s"
        case wasted = "wasted_usd"
        case unknown = "unknown_usd"
        case nextAttempt = "next_attempt"
        case providerCode = "provider_code"
        case requestID = "request_id"
    }

    /// Reads the wire form; a peer that sends no `data` is understood by its code alone.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let code = try container.decode(Int.self, forKey: .code)
        let message = try container.decode(String.self, forKey: .message)
        self.init(ErrorKind(code: code), message.bounded(to: TextBound.message))
        guard let data = try? container.nestedContainer(keyedBy: DataKeys.self, forKey: .data) else { return }
        if let kind = (try? data.decode(String.self, forKey: .kind)).flatMap(ErrorKind.init(rawValue:)) {
            self.kind = kind
        }
        retryable = (try? data.decode(Bool.self, forKey: .retryable)) ?? kind.isRetryable
        retryAfter = (try? data.decode(Double.self, forKey: .retryAfter)).map(Self.clampedWait)
        func text(_ key: DataKeys, _ bytes: Int) -> String? {
            (try? data.decode(String.self, forKey: key))?.bounded(to: bytes)
        }
        detail = text(.detail, TextBound.detail)
        provider = text(.provider, TextBound.quotation)
        providerCode = text(.providerCode, TextBound.quotation)
        requestID = text(.requestID, TextBound.quotation)
        wastedMicros = Self.micros(try? data.decode(Double.self, forKey: .wasted))
        unknownMicros = Self.micros(try? data.decode(Double.self, forKey: .unknown))
        nextAttempt = try? data.decode(Int.self, forKey: .nextAttempt)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind.code, forKey: .code)
        try container.encode(message.bounded(to: TextBound.message), forKey: .message)
        var data = container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
        try data.encode(kind, forKey: .kind)
        try data.encode(retryable, forKey: .retryable)
        try data.encodeIfPresent(retryAfter, forKey: .retryAfter)
        try data.encodeIfPresent(detail?.bounded(to: TextBound.detail), forKey: .detail)
        try data.encodeIfPresent(provider?.bounded(to: TextBound.quotation), forKey: .provider)
        try data.encodeIfPresent(providerCode?.bounded(to: TextBound.quotation), forKey: .providerCode)
        try data.encodeIfPresent(requestID?.bounded(to: TextBound.quotation), forKey: .requestID)
        try data.encodeIfPresent(wastedMicros.map { Double($0) / 1_000_000 }, forKey: .wasted)
        try data.encodeIfPresent(unknownMicros.map { Double($0) / 1_000_000 }, forKey: .unknown)
        try data.encodeIfPresent(nextAttempt, forKey: .nextAttempt)
    }

    /// An amount from a peer: from nothing to a million dollars, above which no provider's bill can be meant.
    private static func micros(_ dollars: Double?) -> Int64? {
        dollars.flatMap { $0 > 0 ? Int64(clamping: $0.clamped(to: 0...1e6) * 1_000_000) : nil }
    }
}
