// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import HTTP
import Hashing

/// An unsigned request to an AWS service.
package struct AWSRequest: Sendable {
    /// The service to call.
    package let service: AWSService
    /// The HTTP method.
    package var method: String
    /// The path: begins with a slash, not percent-encoded.
    package var path: String
    /// The query parameters, not percent-encoded.
    package var query: [(name: String, value: String)] = []
    /// The header fields, without those of the signature.
    package var headers: HTTPHeaders = [:]
    /// The body to send.
    package var body: HTTPRequest.Body = .none
    /// Where the response's body goes; in memory, at most 16 MiB, by default.
    package var sink = HTTPRequest.Sink.memory(maximum: 16 * 1024 * 1024)
    /// Time limits of each attempt.
    package var timeouts = HTTPRequest.Timeouts()
    /// The resource of the request, for messages, for example `s3://bucket/key` or `the role MediaConvertJobRole`.
    package var subject: String
    /// Whether the request may be retried after its response was lost.
    package var isIdempotent = true
    /// Whether a response that is not partial is rejected before its body is read.
    var requiresPartialContent = false
    /// The name of the root element of a successful response. A 2xx response with another one, such as an error, is a failure. Not checked
    /// if `nil`.
    var expectedRootElement: String?
    /// The bucket of an S3 request.
    var bucket: String?
    /// The body's SHA-256 in hexadecimal digits if it is known in advance.
    var precomputedPayloadHash: String?

    /// Creates a request without query, headers and body.
    ///
    /// - Parameters:
    ///   - path: begins with a slash, not percent-encoded.
    ///   - subject: the resource of the request, for messages.
    package init(_ service: AWSService, _ method: String, _ path: String, subject: String) {
        self.service = service
        self.method = method
        self.path = path
        self.subject = subject
    }

    /// A request of the AWS JSON 1.1 protocol, for example of CloudWatch Logs.
    ///
    /// - Parameters:
    ///   - target: for example `Logs_20140328.PutLogEvents`.
    ///   - body: JSON.
    ///   - subject: the resource of the request, for messages.
    package static func json(_ service: AWSService, target: String, body: Data, subject: String) -> AWSRequest {
        var request = AWSRequest(service, "POST", "/", subject: subject)
        request.headers["Content-Type"] = "application/x-amz-json-1.1"
        request.headers["X-Amz-Target"] = target
        request.body = .bytes(body)
        return request
    }

    /// A request of the AWS query protocol, for example of IAM. Responses are XML.
    ///
    /// - Parameters:
    ///   - version: the API version, for example `2010-05-08`.
    ///   - fields: the parameters of the action, not percent-encoded.
    ///   - subject: the resource of the request, for messages.
    package static func form(
        _ service: AWSService, action: String, version: String, _ fields: [(name: String, value: String)],
        subject: String
    ) -> AWSRequest {
        var request = AWSRequest(service, "POST", "/", subject: subject)
        request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        let all = [(name: "Action", value: action), (name: "Version", value: version)] + fields
        request.body = .bytes(Data(CanonicalEncoding.query(all).utf8))
        return request
    }

    /// The body's SHA-256 in hexadecimal digits, or `UNSIGNED-PAYLOAD` for a file.
    var payloadHash: String {
        if let precomputedPayloadHash { return precomputedPayloadHash }
        switch body {
        case .none: return SHA256.hash(Data()).hexadecimal
        case .bytes(let data): return SHA256.hash(data).hexadecimal
        case .file: return SignatureV4.unsignedPayload
        }
    }
}
