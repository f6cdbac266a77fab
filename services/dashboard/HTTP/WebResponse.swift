import Faults
import FoundationEssentials
import JSON
import NIOHTTP1
import Untrusted

/// What a browser gets.
struct WebResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// A part of a file.
        case file(String, Range<Int64>)
        /// What is brought as fast as the browser takes it.
        case pieces(Pieces)
    }

    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: Body

    init(_ status: HTTPResponseStatus, _ headers: HTTPHeaders = [:], _ body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// What changes from moment to moment, and is not kept.
    static func json(_ value: some Encodable, status: HTTPResponseStatus = .ok) throws -> WebResponse {
        let bytes = [UInt8](try JSONCoding.encode(value))
        return WebResponse(
            status, ["Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"], .bytes(bytes))
    }

    static func text(_ text: String, type: String = "text/plain", status: HTTPResponseStatus = .ok) -> WebResponse {
        WebResponse(
            status, ["Content-Type": "\(type); charset=utf-8", "Cache-Control": "no-store"], .bytes([UInt8](text.utf8)))
    }

    /// `{"error": {...}}` as the wire has it.
    static func failure(_ error: ServiceError) -> WebResponse {
        var response =
            (try? json(["error": error], status: status(of: error))) ?? WebResponse(.internalServerError)
        if let seconds = error.retryAfter {
            response.headers.add(
                name: "Retry-After", value: "\(Int(clamping: seconds.clamped(to: 0...86_400).rounded(.up)))")
        }
        return response
    }

    private static func status(of error: ServiceError) -> HTTPResponseStatus {
        if error.providerCode == UploadRoom.full { return .insufficientStorage }
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
