import Crypto
package import FoundationEssentials
package import HTTP

/// One request to AWS before it is signed.
package struct AWSRequest: Sendable {
    package let service: AWSService
    package var method: String
    /// Not percent-encoded; begins with a slash.
    package var path: String
    /// Not percent-encoded.
    package var query: [(name: String, value: String)] = []
    package var headers: HTTPHeaders = [:]
    package var body: HTTPRequest.Body = .none
    package var sink = HTTPRequest.Sink.memory(maximum: 16 * 1024 * 1024)
    package var timeouts = HTTPRequest.Timeouts()
    /// What is worked on, for messages, e.g. `s3://bucket/key` or `the role MediaConvertJobRole`.
    package var subject: String
    /// Whether the request may be made again when its answer was lost.
    package var isIdempotent = true
    /// Whether only a part of an object was asked for: an answer with all of it fails before it is read.
    var wantsPart = false
    /// What the document of a success is; a success with another, e.g. with an error, is a failure. Not looked at if absent.
    var resultName: String?
    /// Of S3.
    var bucket: String?
    /// The body's SHA-256 in hexadecimal digits, where it is known already.
    var payload: String?

    package init(_ service: AWSService, _ method: String, _ path: String, subject: String) {
        self.service = service
        self.method = method
        self.path = path
        self.subject = subject
    }

    /// A call of the JSON protocol, e.g. of CloudWatch Logs.
    ///
    /// - Parameter target: e.g. `Logs_20140328.PutLogEvents`.
    package static func json(_ service: AWSService, target: String, body: Data, subject: String) -> AWSRequest {
        var request = AWSRequest(service, "POST", "/", subject: subject)
        request.headers["Content-Type"] = "application/x-amz-json-1.1"
        request.headers["X-Amz-Target"] = target
        request.body = .bytes(body)
        return request
    }

    /// A call of the query protocol, e.g. of IAM, which answers in XML.
    ///
    /// - Parameter version: of the API, e.g. `2010-05-08`.
    package static func form(
        _ service: AWSService, action: String, version: String, _ fields: [(name: String, value: String)],
        subject: String
    ) -> AWSRequest {
        var request = AWSRequest(service, "POST", "/", subject: subject)
        request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        let all = [(name: "Action", value: action), (name: "Version", value: version)] + fields
        request.body = .bytes(Data(PercentEncoding.query(all).utf8))
        return request
    }

    /// The body's SHA-256 in hexadecimal digits.
    var payloadHash: String {
        if let payload { return payload }
        switch body {
        case .none: return Hex.text(SHA256.hash(data: Data()))
        case .bytes(let data): return Hex.text(SHA256.hash(data: data))
        case .file: return SignatureV4.unsignedPayload
        }
    }
}
