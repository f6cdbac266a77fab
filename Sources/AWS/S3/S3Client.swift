import Crypto
import Faults
import FoundationEssentials
import HTTP

/// Amazon S3, or what speaks like it.
///
/// Stores differ in what they refuse and report: `S3Features` is what an endpoint was found to support, `S3Hash` keeps the bytes
/// verifiable without its help.
package struct S3Client: Sendable {
    /// Bytes that one request can store.
    package static let maximumUpload = 5 * 1024 * 1024 * 1024

    /// A new object as it was stored.
    package struct Stored: Sendable {
        /// The header `ETag`; empty where the endpoint sends none.
        package let tag: String
        /// Of its bytes, see `ObjectInfo.identity`.
        package let identity: String
    }

    let client: AWSClient
    let storage: S3Storage
    /// What the endpoint was found to support.
    let features: S3Features
    /// What the settings ask for, or the setting that is wrong.
    private let configured: Result<S3Checksums, AWSError>
    /// Bytes of one part of a large object; what is not larger than two travels in one piece.
    let partSize: Int

    /// - Parameter partSize: bytes; S3 wants 5 MiB at the least.
    package init(account: AWSAccount, partSize: Int = 16 * 1024 * 1024) {
        client = AWSClient(account: account)
        storage = S3Storage(environment: account.settings.environment)
        features = S3Features.of(endpoint: account.endpoint(.s3))
        configured = Result { () throws(AWSError) in try account.settings.checksums() }
        self.partSize = partSize
    }

    /// Whether the endpoint answers a request for a part of an object with the whole object.
    package var ignoresRanges: Bool { features[.ranges] == .refused }

    /// Whether checksums of S3 are wanted with what is stored.
    var sendsChecksums: Bool {
        get throws(AWSError) { try configured.get().onRequests == .whenSupported }
    }

    /// Whether checksums of S3 are wanted with what is read.
    var asksForChecksums: Bool {
        get throws(AWSError) { try configured.get().onResponses == .whenSupported }
    }

    /// `nil` where there is no such object.
    package func info(_ object: S3Location) async throws -> ObjectInfo? {
        do {
            return try await head(object)
        } catch let error as AWSError where error.code == nil && error.kind != .notFound && !error.retryable {
            // The answer to HEAD has no body, so no reason. The answer to a request for a byte has one.
            do {
                _ = try await read(object, range: 0..<1)
            } catch let error as AWSError where error.kind == .notFound && error.code != "NoSuchBucket" {
                return nil
            }
            do {
                return try await head(object)
            } catch let error as AWSError where error.status != nil && features[.checksumMode] == .unknown {
                // The request for a byte went without the mode.
                let info = try await head(object, mayAskForChecksums: false)
                features.note(.checksumMode, .refused)
                return info
            }
        }
    }

    private func head(_ object: S3Location, mayAskForChecksums: Bool = true) async throws -> ObjectInfo? {
        do {
            let isWanted = try mayAskForChecksums && asksForChecksums
            return try await features.trying(.checksumMode, isWanted: isWanted) { isUsed in
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

    /// The size by the answer to a request for one byte: some proxies remove the length from the answer to HEAD.
    private func size(_ object: S3Location) async throws -> Int {
        var request = AWSRequest("GET", object)
        request.headers["Range"] = "bytes=0-0"
        request.wantsPart = true
        request.sink = .memory(maximum: 1)
        do {
            if let total = ContentRange(try await client.send(request))?.total { return total }
        } catch let error as AWSError where error.status == 416 {
            return 0
        } catch let error as AWSError where error.isWhole {}
        throw AWSError(
            .unavailable, "\(object): the answers have neither Content-Length nor Content-Range; is the endpoint S3?")
    }

    /// Stores an object: a reader sees the old one or the new one. A large file travels in parts.
    @discardableResult
    package func upload(
        _ source: S3Source, to object: S3Location, mediaType: String = "application/octet-stream"
    ) async throws -> Stored {
        if case .file(let path) = source {
            let size = try FileDigest.size(path, name: object.description)
            if size > 2 * partSize {
                return try await upload(LargeUpload(path: path, size: size, object: object, mediaType: mediaType))
            }
        }
        let digest = try FileDigest(source, name: object.description)
        guard digest.size <= Self.maximumUpload else {
            throw AWSError(.tooLarge, "\(object): \(digest.size) bytes; at most \(Self.maximumUpload) can be stored")
        }
        let hash = S3Hash(digest.bytes)
        let isWanted = try sendsChecksums
        return try await features.trying(.metadata) { hasHash in
            try await features.trying(.checksums, isWanted: isWanted) { hasChecksum in
                var request = AWSRequest("PUT", object)
                request.headers["Content-Type"] = mediaType
                if hasHash { request.headers[S3Hash.header] = hash.text }
                storage.mark(&request.headers)
                request.carry(source, digest, withChecksum: hasChecksum)
                let response = try await client.send(request)
                let info = ObjectInfo(response, size: digest.size)
                let identity = hasHash ? ObjectInfo.identity(hash) : info.identity ?? ObjectInfo.identity(hash)
                return Stored(tag: info.tag, identity: identity)
            }
        }
    }

    /// Copies an object within S3; the bytes do not travel.
    package func copy(_ source: S3Location, to target: S3Location) async throws {
        try await features.trying(.checksums, isWanted: try sendsChecksums) { isUsed in
            var request = AWSRequest("PUT", target)
            request.headers["x-amz-copy-source"] = PercentEncoding.path("/\(source.bucket)/\(source.key)")
            // The copy of an object of parts is in one piece: the checksum of its parts would not be its own.
            if isUsed { request.headers["x-amz-checksum-algorithm"] = "SHA256" }
            request.subject = "\(source) -> \(target)"
            request.resultName = "CopyObjectResult"
            storage.mark(&request.headers)
            _ = try await client.send(request)
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

    /// Works on all ranges, at most four concurrently. -> the results in the ranges' order.
    static func inParallel<R: Sendable>(
        _ ranges: [Range<Int>], _ work: @escaping @Sendable (Int, Range<Int>) async throws -> R
    ) async throws -> [R] {
        try await withThrowingTaskGroup(of: (Int, R).self) { group in
            var results: [R?] = Array(repeating: nil, count: ranges.count)
            var next = 0
            func begin() {
                guard next < ranges.count else { return }
                let (number, range) = (next, ranges[next])
                next += 1
                group.addTask { (number, try await work(number, range)) }
            }
            for _ in 0..<concurrency { begin() }
            while let (number, result) = try await group.next() {
                results[number] = result
                begin()
            }
            return results.compactMap { $0 }
        }
    }

    private static let concurrency = 4

    static func ranges(_ size: Int, step: Int) -> [Range<Int>] {
        stride(from: 0, to: size, by: step).map { $0..<min($0 + step, size) }
    }
}

extension AWSRequest {
    init(_ method: String, _ object: S3Location) {
        self.init(.s3, method, "/\(object.key)", subject: object.description)
        bucket = object.bucket
    }

    /// Sends bytes whose digest is signed, and checked by a store that knows checksums.
    mutating func carry(
        _ source: S3Source, _ digest: FileDigest, range: Range<Int>? = nil, withChecksum: Bool
    ) {
        payload = Hex.text(digest.bytes)
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
