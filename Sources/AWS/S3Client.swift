import Crypto
package import FoundationEssentials
import HTTP

/// Amazon S3, or what speaks like it.
package struct S3Client: Sendable {
    /// Bytes that one request can store.
    package static let maximumUpload = 5 * 1024 * 1024 * 1024

    /// What is known of an object without reading it.
    package struct ObjectInfo: Sendable, Equatable {
        /// Bytes.
        package let size: Int
        /// Changes with the object's bytes: the header `ETag`.
        package let tag: String
        /// When it was stored, in seconds since 1970; 0 where the server does not say.
        package let modified: Double
        package let mediaType: String
        /// SHA-256 in base64: of the bytes, or, where the object came in parts, of the parts' own; `nil` where S3 has none.
        let checksum: String?
        /// Parts that the object came in; `nil` for one piece.
        var parts: Int? { tag.split(separator: "-").dropFirst().last.flatMap { Int($0.filter(\.isNumber)) } }

        init(_ response: HTTPResponse, size: Int) {
            self.size = size
            tag = response.headers["etag"] ?? ""
            modified = response.headers["last-modified"].flatMap(HTTPDate.seconds) ?? 0
            mediaType = response.headers["content-type"] ?? ""
            checksum = response.headers["x-amz-checksum-sha256"].map { String($0.prefix { $0 != "-" }) }
        }
    }

    /// What is stored.
    package enum Source: Sendable {
        case bytes(Data)
        /// The file at a path.
        case file(String)
    }

    let client: AWSClient
    let storage: S3Storage
    /// Bytes of one part of a large object; what is not larger than two travels in one piece.
    let partSize: Int

    /// - Parameter partSize: bytes; S3 wants 5 MiB at the least.
    package init(account: AWSAccount, partSize: Int = 16 * 1024 * 1024) {
        client = AWSClient(account: account)
        storage = S3Storage(environment: account.settings.environment)
        self.partSize = partSize
    }

    /// `nil` where there is no such object.
    package func info(_ object: S3Location) async throws -> ObjectInfo? {
        do {
            return try await head(object)
        } catch let error as AWSError where error.code == nil && error.kind != .notFound && !error.retryable {
            // The answer to HEAD has no body, so no reason. Who asks for a byte is told, and what can be mended is.
            do {
                _ = try await read(object, range: 0..<1)
            } catch let error as AWSError where error.kind == .notFound && error.code != "NoSuchBucket" {
                return nil
            }
            return try await head(object)
        }
    }

    private func head(_ object: S3Location) async throws -> ObjectInfo? {
        var request = AWSRequest("HEAD", object)
        request.headers["x-amz-checksum-mode"] = "ENABLED"
        do {
            let response = try await client.send(request)
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
    /// - Throws: `corrupt` where they are not what was stored.
    package func read(_ object: S3Location, maximum: Int) async throws -> Data {
        var request = AWSRequest("GET", object)
        request.headers["x-amz-checksum-mode"] = "ENABLED"
        request.sink = .memory(maximum: maximum)
        let response = try await client.send(request)
        let info = ObjectInfo(response, size: response.bodySize)
        if let checksum = info.checksum, info.parts == nil,
            checksum != Data(SHA256.hash(data: response.body)).base64EncodedString()
        {
            throw Self.corrupt(object)
        }
        return response.body
    }

    /// Some bytes of an object; fewer where it ends before them.
    ///
    /// - Parameter tag: of the object's state that is wanted; any if absent.
    /// - Throws: `conflict` where the object has another.
    package func read(_ object: S3Location, range: Range<Int>, tag: String? = nil) async throws -> Data {
        guard !range.isEmpty else { return Data() }
        var request = AWSRequest("GET", object)
        request.headers["If-Match"] = tag
        request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        request.sink = .memory(maximum: range.count)
        return try await client.send(request).body
    }

    /// Stores an object: a reader sees the old one or the new one. A large file travels in parts.
    ///
    /// - Parameter ifAbsent: `conflict` where there is an object of this name.
    /// - Returns: the object's tag.
    @discardableResult
    package func upload(
        _ source: Source, to object: S3Location, mediaType: String = "application/octet-stream", ifAbsent: Bool = false
    ) async throws -> String {
        if case .file(let path) = source {
            let size = try FileDigest.size(path, name: object.description)
            if size > 2 * partSize {
                return try await uploadParts(path, size: size, to: object, mediaType: mediaType, ifAbsent: ifAbsent)
            }
        }
        let digest = try FileDigest(source, name: object.description)
        guard digest.size <= Self.maximumUpload else {
            throw AWSError(.tooLarge, "\(object): \(digest.size) bytes; at most \(Self.maximumUpload) can be stored")
        }
        var request = AWSRequest("PUT", object)
        request.headers["Content-Type"] = mediaType
        storage.mark(&request.headers)
        if ifAbsent { request.headers["If-None-Match"] = "*" }
        request.carry(source, digest)
        return try await client.send(request).headers["etag"] ?? ""
    }

    /// Copies an object within S3; the bytes do not travel.
    package func copy(_ source: S3Location, to target: S3Location) async throws {
        var request = AWSRequest("PUT", target)
        request.headers["x-amz-copy-source"] = PercentEncoding.path("/\(source.bucket)/\(source.key)")
        storage.mark(&request.headers)
        let response = try await client.send(request)
        // A copy may fail behind an answer that says 200.
        guard let result = XMLElement(document: response.body), result.name == "CopyObjectResult" else {
            throw AWSFailure.error(response, .s3, "\(source) -> \(target)", status: 500)
        }
    }

    /// Makes sure that a bucket is there and may be listed.
    package func checkBucket(_ name: String) async throws {
        var request = AWSRequest("GET", try S3Location(bucket: name, key: ""))
        request.query = [(name: "list-type", value: "2"), (name: "max-keys", value: "1")]
        _ = try await client.send(request)
    }

    /// Removes an object; one that is not there is no error.
    package func remove(_ object: S3Location) async throws {
        _ = try await client.send(AWSRequest("DELETE", object))
    }

    /// A URL that lets whoever has it read an object.
    ///
    /// - Parameter seconds: 1 to 604800.
    package func presignedURL(
        _ object: S3Location, seconds: Int, at moment: SignatureV4.Moment? = nil
    ) async throws -> String {
        guard (1...604_800).contains(seconds) else {
            throw AWSError(.invalidParams, "\(object): a URL is valid for 1 to 604800 s, not for \(seconds)")
        }
        return try await client.presigned(AWSRequest("GET", object), seconds: seconds, at: moment)
    }

    static func corrupt(_ object: S3Location) -> AWSError {
        AWSError(
            .corrupt, "\(object): the bytes that came are not those that were stored", retryable: true, service: .s3)
    }
}

extension AWSRequest {
    init(_ method: String, _ object: S3Location) {
        self.init(.s3, method, "/\(object.key)", subject: object.description)
        bucket = object.bucket
    }

    /// Sends bytes whose digest S3 checks.
    mutating func carry(_ source: S3Client.Source, _ digest: FileDigest, range: Range<Int>? = nil) {
        payload = Hex.text(digest.bytes)
        headers["x-amz-checksum-sha256"] = digest.base64
        headers["x-amz-sdk-checksum-algorithm"] = "SHA256"
        body =
            switch source {
            case .bytes(let data): .bytes(data)
            case .file(let path): .file(path, range: range)
            }
    }
}
