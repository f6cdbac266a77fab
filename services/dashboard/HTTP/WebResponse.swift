// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import NIOHTTP1
import Untrusted

/// A response: status, headers and body.
struct WebResponse: Sendable {
    /// The body of a response.
    enum Body: Sendable {
        case bytes([UInt8])
        /// A range of a local file, by its path.
        case file(String, Range<Int64>)
        /// Chunks that are read as fast as the client takes them.
        case chunks(BodyChunks)
    }

    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: Body

    init(_ status: HTTPResponseStatus, _ headers: HTTPHeaders = [:], _ body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON response that clients must not store.
    static func json(_ value: some Encodable, status: HTTPResponseStatus = .ok) throws -> WebResponse {
        let bytes = [UInt8](try JSONCoding.encode(value))
        return WebResponse(
            status, ["Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"], .bytes(bytes))
    }

    /// A text response that clients must not store.
    static func text(_ text: String, type: String = "text/plain", status: HTTPResponseStatus = .ok) -> WebResponse {
        WebResponse(
            status, ["Content-Type": "\(type); charset=utf-8", "Cache-Control": "no-store"], .bytes([UInt8](text.utf8)))
    }

    /// `{"error": {...}}` with the error's wire form, and a status by its kind.
    static func failure(_ error: ServiceError) -> WebResponse {
        var response =
            (try? json(["error": error], status: status(of: error))) ?? WebResponse(.internalServerError)
        if let seconds = error.retryAfter {
            response.headers.add(
                name: "Retry-After", value: "\(Int(clamping: seconds.clamped(to: 0...86_400).rounded(.up)))")
        }
        return response
    }

    /// Status 405.
    ///
    /// - Parameter allowed: the methods that the path has.
    static func methodNotAllowed(_ method: HTTPMethod, allowed: [HTTPMethod]) -> WebResponse {
        let names = allowed.map(\.rawValue)
        let choices = [names.dropLast().joined(separator: ", "), names.last ?? ""].filter { !$0.isEmpty }
        let message = "method \(method.rawValue.prefix(50)) is not allowed; use \(choices.joined(separator: " or "))"
        var response = failure(ServiceError(.invalidRequest, message))
        response.status = .methodNotAllowed
        response.headers.add(name: "Allow", value: names.joined(separator: ", "))
        return response
    }

    private static func status(of error: ServiceError) -> HTTPResponseStatus {
        if error.providerCode == UploadQuota.exceeded { return .insufficientStorage }
        return switch error.kind {
        case .parse, .invalidRequest, .invalidParams: .badRequest
        case .unauthorized: .unauthorized
        case .notFound, .methodNotFound: .notFound
        case .conflict: .conflict
        case .tooLarge: .payloadTooLarge
        case .rateLimited: .tooManyRequests
        case .busy, .unavailable, .cancelled: .serviceUnavailable
        case .timeout: .gatewayTimeout
        case .internal, .quotaExhausted, .contentRejected, .corruptMedia: .internalServerError
        }
    }
}
