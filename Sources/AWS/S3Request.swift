import Crypto
import FoundationEssentials
import HTTP

/// One request to S3 before it is signed.
struct S3Request: Sendable {
    private static let emptyPayload = Hex.text(SHA256.hash(data: Data()))

    var method: String
    var object: S3Location
    var query: [(name: String, value: String)] = []
    var headers: HTTPHeaders = [:]
    var body: HTTPRequest.Body = .none
    /// The body's SHA-256 in hexadecimal digits.
    var payload = Self.emptyPayload
    var sink: HTTPRequest.Sink

    init(_ method: String, _ object: S3Location, sink: HTTPRequest.Sink = .memory(maximum: 16 * 1024 * 1024)) {
        self.method = method
        self.object = object
        self.sink = sink
    }
}

extension S3Client {
    /// Seconds before the second and the third try are a random part of these.
    private static let pauses = [0.2, 0.6]

    /// Makes a request. Errors are `AWSError` or `CancellationError`.
    func send(_ request: S3Request) async throws -> HTTPResponse {
        for pause in Self.pauses {
            do {
                return try await sendOnce(request)
            } catch let error as AWSError where error.retryable {
                try await Task.sleep(for: .seconds(Double.random(in: 0...pause)))
            }
        }
        return try await sendOnce(request)
    }

    func way(to object: S3Location) throws(AWSError) -> (SignatureV4, S3Endpoint) {
        let override = account.endpoint("S3")
        var region = try? account.region()
        // A stand-in does not care.
        if region == nil, override != nil { region = "us-east-1" }
        let known = if let region { region } else { try account.region() }
        return (
            SignatureV4(credentials: try account.credentials(), region: known, service: "s3"),
            try S3Endpoint(bucket: object.bucket, region: known, override: override)
        )
    }

    private func sendOnce(_ request: S3Request) async throws -> HTTPResponse {
        let (signer, endpoint) = try way(to: request.object)
        let path = endpoint.path(request.object.key)
        let headers = signer.headers(
            request.headers, method: request.method, host: endpoint.host, path: path, query: request.query,
            payload: request.payload, at: .now)
        let query = request.query.isEmpty ? "" : "?\(PercentEncoding.query(request.query))"
        let response: HTTPResponse
        do {
            response = try await client.send(
                HTTPRequest(
                    request.method, "\(endpoint.scheme)://\(endpoint.host)\(path)\(query)", headers: headers,
                    body: request.body, sink: request.sink))
        } catch let error as HTTPError {
            throw AWSError(error, request.object.description)
        }
        guard response.isSuccess else {
            throw S3Failure.error(response, request.object.description, status: response.status)
        }
        return response
    }
}
