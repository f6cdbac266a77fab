// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// The error that every service throws and sends: a message that tells the user what to do next, and fields that a program can act on.
///
/// This file is the only place that maps it to the wire, `{code, message, data: {kind, retryable, ...}}`.
///
/// ```swift
/// throw ServiceError(.notFound, "no job \(id): list the jobs with `understudy call orchestrator.list`")
/// ```
package struct ServiceError: Error, Sendable, Equatable {
    /// The class of the failure, which determines the JSON-RPC code.
    package var kind: ErrorKind
    /// One line that names the place and what to do next.
    package var message: String
    /// Whether the same call may succeed if it is retried.
    package var retryable: Bool
    /// Seconds to wait before a retry, if the provider stated them; clamped to 0...30 days.
    package var retryAfter: Double? {
        didSet { retryAfter = retryAfter.map(Self.clampedWait) }
    }
    /// The provider's original message, or the violations of an input, one per line.
    package var detail: String?
    /// The provider that failed: `openai`, `replicate`, `mediaconvert`, ...
    package var provider: String?
    /// The provider's code for the failure, or the raw value of a `FaultCause`.
    package var providerCode: String?
    /// The provider's request id, to quote in a support request.
    package var requestID: String?
    /// Millionths of a US dollar spent before this failure on results that cannot be used.
    package var wastedMicros: Int64?
    /// Millionths of a US dollar of orders that may have been charged: no reply states whether they were accepted.
    package var unknownMicros: Int64?
    /// The `attempt` to send to continue after this failure; absent if there is nothing left to try.
    package var nextAttempt: Int?
    /// The charge status of the failed order. Not encoded: callers receive the amounts.
    package var chargeStatus: ChargeStatus?

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - message: one line that names the place and what to do next.
    ///   - retryable: the default of `kind` if absent.
    ///   - retryAfter: seconds; clamped to 0...30 days.
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

    /// The error of parameters with the wrong shape or value.
    ///
    /// - Parameters:
    ///   - pointer: the RFC 6901 JSON pointer of the member, from the root of `params`, e.g. `/clips/0/duration`.
    ///   - expected: what the member should be, e.g. `a number of seconds from 0.1 to 3600`.
    package static func invalidParams(at pointer: String, expected: String) -> ServiceError {
        invalidParams(at: pointer, problem: "expected \(expected.bounded(to: TextBound.message / 2))")
    }

    /// The error of parameters that lack a required member.
    ///
    /// - Parameter pointer: the RFC 6901 JSON pointer of the member, from the root of `params`.
    package static func invalidParams(missing pointer: String) -> ServiceError {
        invalidParams(at: pointer, problem: "required, but missing")
    }

    private static func invalidParams(at pointer: String, problem: String) -> ServiceError {
        let pointer = pointer.bounded(to: TextBound.quotation)
        return ServiceError(
            .invalidParams, "\(pointer.isEmpty ? "params" : pointer): \(problem)", detail: pointer)
    }
}

extension ServiceError: CustomStringConvertible {
    /// `not_found: no job abc`: the kind and the message.
    package var description: String { "\(kind.rawValue): \(message)" }
}

extension ServiceError {
    /// The error with its texts cut to `TextBound`: the message to 4 KiB, the detail to 16 KiB. Decoding applies the same bounds.
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

/// Texts are bounded and numbers clamped on encoding and on decoding, since they originate from agents, providers and callers.
extension ServiceError: Codable {
    private enum CodingKeys: String, CodingKey {
        /// The code of the kind in JSON-RPC.
        case code
        /// The reason, for people.
        case message
        /// What programs read.
        case data
    }

    private enum DataKeys: String, CodingKey {
        /// The kind of the error.
        case kind
        /// Whether a later attempt may succeed.
        case retryable
        /// More about the reason, such as the JSON pointer of an invalid parameter, or a provider's response.
        case detail
        /// The provider that failed.
        case provider
        /// How long to wait before the next attempt, in seconds.
        case retryAfter = "retry_after_s"
        /// What the failed call cost.
        case wasted = "wasted_usd"
        /// The price of orders of which it is unknown whether the provider charged for them.
        case unknown = "unknown_usd"
        /// The number of the next attempt, for calls that make one attempt each.
        case nextAttempt = "next_attempt"
        /// The provider's code of the error, or one of this system's.
        case providerCode = "provider_code"
        /// The provider's id of the request.
        case requestID = "request_id"
    }

    /// Decodes the wire form; without `data`, the kind follows from the code alone.
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
        retryAfter = (try? data.decodeIfPresent(Double.self, forKey: .retryAfter)).map(Self.clampedWait)
        func text(_ key: DataKeys, _ bytes: Int) -> String? {
            (try? data.decodeIfPresent(String.self, forKey: key))?.bounded(to: bytes)
        }
        detail = text(.detail, TextBound.detail)
        provider = text(.provider, TextBound.quotation)
        providerCode = text(.providerCode, TextBound.quotation)
        requestID = text(.requestID, TextBound.quotation)
        wastedMicros = Self.micros(try? data.decodeIfPresent(Double.self, forKey: .wasted))
        unknownMicros = Self.micros(try? data.decodeIfPresent(Double.self, forKey: .unknown))
        nextAttempt = (try? data.decodeIfPresent(Int.self, forKey: .nextAttempt)) ?? nil
    }

    /// Encodes the wire form.
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

    /// An amount from a peer, clamped to 0...1,000,000 dollars; no real bill is higher.
    private static func micros(_ dollars: Double?) -> Int64? {
        dollars.flatMap { $0 > 0 ? Int64(clamping: $0.clamped(to: 0...1e6) * 1_000_000) : nil }
    }
}
