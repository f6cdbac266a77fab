import Crypto
package import FoundationEssentials
import HTTP

/// Amazon S3, or what speaks like it. What fails for a moment is tried three times.
package struct S3Client: Sendable {
    /// Bytes that one request can store.
    package static let maximumUpload = 5 * 1024 * 1024 * 1024

    /// What is known of an object without reading it.
    package struct ObjectInfo: Sendable, Equatable {
        /// Bytes.
        package let size: Int
        /// Changes with the object's bytes.
        package let tag: String
        /// When it was stored, in seconds since 1970; 0 where the server does not say.
        package let modified: Double

        init(_ response: HTTPResponse, size: Int) {
            self.size = size
            tag = response.headers["etag"] ?? ""
            modified = response.headers["last-modified"].flatMap(HTTPDate.seconds) ?? 0
        }
    }

    /// What is stored.
    package enum Source: Sendable {
        case bytes(Data)
        /// The file at a path.
        case file(String)
    }

    let account: AWSAccount
    let client: HTTPClient

    package init(account: AWSAccount) {
        self.account = account
        client = HTTPClient(certificates: account.certificates)
    }

    /// `nil` where there is no such object.
    package func info(_ object: S3Location) async throws -> ObjectInfo? {
        do {
            let response = try await send(S3Request("HEAD", object))
            guard let size = response.headers["content-length"].flatMap({ Int($0) }) else {
                throw AWSError(.unavailable, "\(object): the answer has no Content-Length; is the endpoint S3?")
            }
            return ObjectInfo(response, size: size)
        } catch let error as AWSError where error.kind == .notFound {
            return nil
        }
    }

    /// The bytes of an object.
    ///
    /// - Parameter maximum: bytes; a longer object is `tooLarge`.
    package func read(_ object: S3Location, maximum: Int) async throws -> Data {
        try await send(S3Request("GET", object, sink: .memory(maximum: maximum))).body
    }

    /// Writes an object's bytes to the file at a path. -> what was read.
    package func download(_ object: S3Location, to path: String) async throws -> ObjectInfo {
        let response = try await send(S3Request("GET", object, sink: .file(path, maximum: .max)))
        return ObjectInfo(response, size: response.bodySize)
    }

    /// Stores an object in one piece: a reader sees the old one or the new one.
    ///
    /// - Parameter ifAbsent: `conflict` where there is an object of this name.
    package func upload(
        _ source: Source, to object: S3Location, mediaType: String = "application/octet-stream", ifAbsent: Bool = false
    ) async throws {
        let digest = try FileDigest(source, name: object.description)
        guard digest.size <= Self.maximumUpload else {
            throw AWSError(.tooLarge, "\(object): \(digest.size) bytes; at most \(Self.maximumUpload) can be stored")
        }
        var request = S3Request("PUT", object)
        request.payload = Hex.text(digest.bytes)
        request.headers["Content-Type"] = mediaType
        request.headers["x-amz-checksum-sha256"] = Data(digest.bytes).base64EncodedString()
        if ifAbsent { request.headers["If-None-Match"] = "*" }
        request.body =
            switch source {
            case .bytes(let data): .bytes(data)
            case .file(let path): .file(path)
            }
        _ = try await send(request)
    }

    /// Copies an object within S3; the bytes do not travel.
    package func copy(_ source: S3Location, to target: S3Location) async throws {
        var request = S3Request("PUT", target)
        request.headers["x-amz-copy-source"] = PercentEncoding.path("/\(source.bucket)/\(source.key)")
        let response = try await send(request)
        // A copy may fail behind an answer that says 200.
        guard let result = XMLElement(document: response.body), result.name == "CopyObjectResult" else {
            throw S3Failure.error(response, "\(source) -> \(target)", status: 500)
        }
    }

    /// Removes an object; one that is not there is no error.
    package func remove(_ object: S3Location) async throws {
        _ = try await send(S3Request("DELETE", object))
    }

    /// A URL that lets whoever has it read an object.
    ///
    /// - Parameter seconds: 1 to 604800.
    package func presignedURL(_ object: S3Location, seconds: Int, at moment: SignatureV4.Moment = .now) throws -> String
    {
        guard (1...604_800).contains(seconds) else {
            throw AWSError(.invalidParams, "\(object): a URL is valid for 1 to 604800 s, not for \(seconds)")
        }
        let (signer, endpoint) = try way(to: object)
        let path = endpoint.path(object.key)
        let query = signer.presignedQuery(
            method: "GET", host: endpoint.host, path: path, seconds: seconds, at: moment)
        return "\(endpoint.scheme)://\(endpoint.host)\(path)?\(query)"
    }
}
