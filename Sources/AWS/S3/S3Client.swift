// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import Hashing

/// A client of Amazon S3 and of S3-compatible stores.
///
/// Stores differ in the features that they support: `S3Features` detects them at run time, and `S3Hash` makes objects verifiable without
/// the store's checksums.
///
///     let client = S3Client(account: AWSAccount(environment: ProcessInfo.processInfo.environment))
///     let object = try S3Location(bucket: "films", key: "final.mp4")
///     try await client.upload(.file("/tmp/final.mp4"), to: object, mediaType: "video/mp4")
///     let url = try await client.presignedURL(object, seconds: 3600)
package struct S3Client: Sendable {
    /// Maximum size of a single upload in bytes.
    package static let maximumUpload = 5 * 1024 * 1024 * 1024

    /// The result of an upload.
    package struct Stored: Sendable {
        /// The `ETag` header; empty if the endpoint does not send one.
        package let eTag: String
        /// The identity of the object's bytes, see `ObjectInfo.identity`.
        package let identity: String
    }

    let client: AWSClient
    let storageOptions: S3StorageOptions
    /// The detected features of the endpoint.
    let features: S3Features
    /// The checksum settings, or the error of an invalid one.
    private let checksumSettings: Result<S3Checksums, AWSError>
    /// Size of a part in bytes. Objects of at most two parts are transferred in one piece.
    let partSize: Int

    /// Creates a client with the account's credentials, region and endpoint.
    ///
    /// - Parameter partSize: size of a part in bytes, at least 5 MiB for Amazon S3; 16 MiB by default.
    package init(account: AWSAccount, partSize: Int = 16 * 1024 * 1024) {
        client = AWSClient(account: account)
        storageOptions = S3StorageOptions(environment: account.settings.environment)
        features = S3Features.shared(for: account.endpoint(.s3))
        checksumSettings = Result { () throws(AWSError) in try account.settings.checksums() }
        self.partSize = partSize
    }

    /// Whether the endpoint answers range requests with the whole object.
    package var ignoresRangeRequests: Bool { features[.ranges] == .unsupported }

    /// Whether uploads should use S3's checksums.
    var sendsChecksums: Bool {
        get throws(AWSError) { try checksumSettings.get().onRequests == .whenSupported }
    }

    /// Whether reads should use S3's checksums.
    var requestsChecksums: Bool {
        get throws(AWSError) { try checksumSettings.get().onResponses == .whenSupported }
    }

    /// The metadata of an object.
    ///
    /// - Returns: `nil` if the object does not exist.
    /// - Throws: `AWSError`; `CancellationError`.
    package func info(_ object: S3Location) async throws -> ObjectInfo? {
        do {
            return try await head(object)
        } catch let error as AWSError where error.code == nil && error.kind != .notFound && !error.retryable {
            // A response to HEAD has no body and no error code. A request for one byte returns both.
            do {
                _ = try await read(object, range: 0..<1)
            } catch let error as AWSError where error.kind == .notFound && error.code != "NoSuchBucket" {
                return nil
            }
            do {
                return try await head(object)
            } catch let error as AWSError where error.status != nil && features[.checksumMode] == .unknown {
                // The request for one byte succeeded without the checksum mode.
                let info = try await head(object, mayRequestChecksums: false)
                features.record(.checksumMode, .unsupported)
                return info
            }
        }
    }

    private func head(_ object: S3Location, mayRequestChecksums: Bool = true) async throws -> ObjectInfo? {
        do {
            let isEnabled = try mayRequestChecksums && requestsChecksums
            return try await features.withFeature(.checksumMode, isEnabled: isEnabled) { isUsed in
                var request = AWSRequest("HEAD", object)
                if isUsed { request.headers["x-amz-checksum-mode"] = "ENABLED" }
                let response = try await client.send(request)
                if let size = response.headers["content-length"].flatMap({ Int($0) }), size >= 0 {
                    return ObjectInfo(response, size: size)
                }
                return ObjectInfo(response, size: try await size(object))
            }
        } catch let error as AWSError where error.kind == .notFound {
            return nil
        }
    }

    /// The size of an object, from a request for one byte. Some proxies remove the length from responses to HEAD.
    private func size(_ object: S3Location) async throws -> Int {
        var request = AWSRequest("GET", object)
        request.headers["Range"] = "bytes=0-0"
        request.requiresPartialContent = true
        request.sink = .memory(maximum: 1)
        do {
            if let total = ContentRange(try await client.send(request))?.total { return total }
        } catch let error as AWSError where error.status == 416 {
            return 0
        } catch let error as AWSError where error.isRangeIgnored {}
        throw AWSError(
            .unavailable,
            "\(object): the responses have neither Content-Length nor Content-Range; check the S3 endpoint")
    }

    /// Uploads an object atomically: readers see the old or the new one. Large files are uploaded in parts.
    ///
    /// - Throws: `AWSError`, `tooLarge` for more than 5 GiB in one piece; `CancellationError`.
    @discardableResult
    package func upload(
        _ source: S3Source, to object: S3Location, mediaType: String = "application/octet-stream"
    ) async throws -> Stored {
        if case .file(let path) = source {
            let size = try FileDigest.size(path, name: object.description)
            if size > 2 * partSize {
                return try await upload(MultipartUpload(path: path, size: size, object: object, mediaType: mediaType))
            }
        }
        let digest = try FileDigest(source, name: object.description)
        guard digest.size <= Self.maximumUpload else {
            throw AWSError(
                .tooLarge, "\(object): \(digest.size) bytes; at most \(Self.maximumUpload) bytes can be uploaded")
        }
        let hash = S3Hash(digest.bytes)
        let isEnabled = try sendsChecksums
        return try await features.withFeature(.metadata) { hasHash in
            try await features.withFeature(.checksums, isEnabled: isEnabled) { hasChecksum in
                var request = AWSRequest("PUT", object)
                request.headers["Content-Type"] = mediaType
                if hasHash { request.headers[S3Hash.header] = hash.text }
                storageOptions.apply(to: &request.headers)
                request.setBody(source, digest, withChecksum: hasChecksum)
                let response = try await client.send(request)
                let info = ObjectInfo(response, size: digest.size)
                let identity = hasHash ? ObjectInfo.identity(hash) : info.identity ?? ObjectInfo.identity(hash)
                return Stored(eTag: info.eTag, identity: identity)
            }
        }
    }

    /// Copies an object within the store, without transferring its bytes.
    ///
    /// - Throws: `AWSError`, `notFound` if the source does not exist; `CancellationError`.
    package func copy(_ source: S3Location, to target: S3Location) async throws {
        try await features.withFeature(.checksums, isEnabled: try sendsChecksums) { isUsed in
            var request = AWSRequest("PUT", target)
            request.headers["x-amz-copy-source"] = CanonicalEncoding.path("/\(source.bucket)/\(source.key)")
            // The copy of a multipart object is a single piece; it needs a checksum of its own.
            if isUsed { request.headers["x-amz-checksum-algorithm"] = "SHA256" }
            request.subject = "\(source) -> \(target)"
            request.expectedRootElement = "CopyObjectResult"
            storageOptions.apply(to: &request.headers)
            _ = try await client.send(request)
        }
    }

    /// Checks that a bucket exists and may be listed.
    ///
    /// - Throws: `AWSError`, `notFound` or `unauthorized`; `CancellationError`.
    package func checkBucket(_ name: String) async throws {
        var request = AWSRequest("GET", try S3Location(bucket: name, key: ""))
        request.query = [(name: "list-type", value: "2"), (name: "max-keys", value: "1")]
        _ = try await client.send(request)
    }

    /// Removes an object. Does nothing if it does not exist.
    ///
    /// - Throws: `AWSError`; `CancellationError`.
    package func remove(_ object: S3Location) async throws {
        _ = try await client.send(AWSRequest("DELETE", object))
    }

    /// A presigned URL with which anyone can read an object.
    ///
    /// - Parameters:
    ///   - seconds: validity of the URL, 1 to 604800.
    ///   - time: start of the validity; now if absent.
    /// - Throws: `AWSError`, `invalidParams` if `seconds` is out of range.
    package func presignedURL(
        _ object: S3Location, seconds: Int, at time: SignatureV4.SigningTime? = nil
    ) async throws -> String {
        guard (1...604_800).contains(seconds) else {
            throw AWSError(.invalidParams, "\(object): a URL is valid for 1 to 604800 s, not for \(seconds)")
        }
        return try await client.presigned(AWSRequest("GET", object), seconds: seconds, at: time)
    }

    /// Maps ranges with an asynchronous function, at most four concurrently.
    ///
    /// - Parameter transform: called with the index and the range.
    /// - Returns: the results in the order of the ranges.
    static func concurrentMap<R: Sendable>(
        _ ranges: [Range<Int>], _ transform: @escaping @Sendable (Int, Range<Int>) async throws -> R
    ) async throws -> [R] {
        try await withThrowingTaskGroup(of: (Int, R).self) { group in
            var results: [R?] = Array(repeating: nil, count: ranges.count)
            var next = 0
            func startNext() {
                guard next < ranges.count else { return }
                let (number, range) = (next, ranges[next])
                next += 1
                group.addTask { (number, try await transform(number, range)) }
            }
            for _ in 0..<concurrency { startNext() }
            while let (number, result) = try await group.next() {
                results[number] = result
                startNext()
            }
            return results.compactMap { $0 }
        }
    }

    private static let concurrency = 4

    /// Splits `0..<size` into ranges of `step` bytes; the last one may be shorter.
    static func ranges(_ size: Int, step: Int) -> [Range<Int>] {
        stride(from: 0, to: size, by: step).map { $0..<min($0 + step, size) }
    }
}

extension AWSRequest {
    init(_ method: String, _ object: S3Location) {
        self.init(.s3, method, "/\(object.key)", subject: object.description)
        bucket = object.bucket
    }

    /// Sets the body. Its digest is signed, and sent as a checksum if requested.
    mutating func setBody(
        _ source: S3Source, _ digest: FileDigest, range: Range<Int>? = nil, withChecksum: Bool
    ) {
        precomputedPayloadHash = digest.bytes.hexadecimal
        if withChecksum {
            headers["x-amz-checksum-sha256"] = digest.base64
            headers["x-amz-sdk-checksum-algorithm"] = "SHA256"
        }
        body =
            switch source {
            case .bytes(let data): .bytes(data)
            case .file(let path): .file(path, range: range)
            }
    }
}
