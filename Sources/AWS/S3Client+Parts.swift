import Crypto
import FoundationEssentials
import HTTP

/// Large objects: in parts, four at a time.
extension S3Client {
    /// S3's bound.
    private static let maximumParts = 10_000
    private static let concurrency = 4

    // MARK: - Up

    func uploadParts(
        _ path: String, size: Int, to object: S3Location, mediaType: String, ifAbsent: Bool
    ) async throws -> String {
        let id = try await begin(object, mediaType)
        do {
            let step = max(partSize, (size + Self.maximumParts - 1) / Self.maximumParts)
            let parts = try await Self.inParallel(Self.ranges(size, step: step)) { number, range in
                let digest = try FileDigest(.file(path), range: range, name: object.description)
                guard digest.size == range.count else {
                    throw AWSError(.file, "\(object): \(path) became shorter while it was sent")
                }
                var request = AWSRequest("PUT", object)
                request.query = [(name: "partNumber", value: String(number + 1)), (name: "uploadId", value: id)]
                request.carry(.file(path), digest, range: range)
                let response = try await client.send(request)
                return (tag: response.headers["etag"] ?? "", checksum: digest.base64)
            }
            return try await complete(object, id, parts, ifAbsent: ifAbsent)
        } catch {
            await abort(object, id)
            throw error
        }
    }

    /// Ends unfinished uploads that writers which are gone left behind.
    ///
    /// - Parameters:
    ///   - folder: the prefix that their keys begin with.
    ///   - moment: in seconds since 1970; younger ones stay.
    package func abortUploads(below folder: S3Location, startedBefore moment: Double) async throws {
        var request = AWSRequest("GET", try S3Location(bucket: folder.bucket, key: ""))
        request.query = [(name: "uploads", value: ""), (name: "prefix", value: folder.key)]
        let response = try await client.send(request)
        guard let result = XMLElement(document: response.body) else { return }
        for upload in result.all("Upload") {
            guard let key = upload["Key"]?.text, let id = upload["UploadId"]?.text,
                let start = upload["Initiated"].flatMap({ AssumedRole.seconds($0.text) }), start < moment
            else { continue }
            await abort(try S3Location(bucket: folder.bucket, key: key), id)
        }
    }

    private func begin(_ object: S3Location, _ mediaType: String) async throws -> String {
        var request = AWSRequest("POST", object)
        request.query = [(name: "uploads", value: "")]
        request.headers["Content-Type"] = mediaType
        request.headers["x-amz-checksum-algorithm"] = "SHA256"
        storage.mark(&request.headers)
        let response = try await client.send(request)
        guard let id = XMLElement(document: response.body)?["UploadId"]?.text, !id.isEmpty else {
            throw AWSError(.unavailable, "\(object): the endpoint's answer is no upload of S3", service: .s3)
        }
        return id
    }

    private func complete(
        _ object: S3Location, _ id: String, _ parts: [(tag: String, checksum: String)], ifAbsent: Bool
    ) async throws -> String {
        var request = AWSRequest("POST", object)
        request.query = [(name: "uploadId", value: id)]
        request.headers["Content-Type"] = "application/xml"
        if ifAbsent { request.headers["If-None-Match"] = "*" }
        var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (index, part) in parts.enumerated() {
            text += "<Part><ETag>\(part.tag)</ETag><ChecksumSHA256>\(part.checksum)</ChecksumSHA256>"
            text += "<PartNumber>\(index + 1)</PartNumber></Part>"
        }
        request.body = .bytes(Data("\(text)</CompleteMultipartUpload>".utf8))
        let response = try await client.send(request)
        // It may fail behind an answer that says 200.
        guard let result = XMLElement(document: response.body), result.name == "CompleteMultipartUploadResult" else {
            throw AWSFailure.error(response, .s3, object.description, status: 500)
        }
        return response.headers["etag"] ?? result["ETag"]?.text ?? ""
    }

    /// Also for a cancelled task: what was sent so far would be paid for ever.
    private func abort(_ object: S3Location, _ id: String) async {
        var request = AWSRequest("DELETE", object)
        request.query = [(name: "uploadId", value: id)]
        let ready = request
        let client = client
        await Task { _ = try? await client.send(ready) }.value
    }

    // MARK: - Down

    /// Writes an object's bytes to the file at a path.
    ///
    /// - Returns: what was read.
    /// - Throws: `corrupt` where the bytes are not what was stored.
    package func download(_ object: S3Location, to path: String) async throws -> ObjectInfo {
        guard let info = try await info(object) else {
            throw AWSError(.notFound, "\(object) does not exist", code: "NoSuchKey", service: .s3)
        }
        return try await download(object, info, to: path)
    }

    /// - Parameter info: of exactly the state of the object that is wanted; one that has changed since is `conflict`.
    package func download(_ object: S3Location, _ info: ObjectInfo, to path: String) async throws -> ObjectInfo {
        if info.size <= 2 * partSize, info.parts == nil {
            var request = AWSRequest("GET", object)
            request.headers["If-Match"] = info.tag
            request.sink = .file(path, maximum: info.size)
            let response = try await client.send(request)
            if let checksum = info.checksum {
                let digest = try FileDigest(.file(path), name: object.description)
                guard digest.base64 == checksum else { throw Self.corrupt(object) }
            }
            return ObjectInfo(response, size: response.bodySize)
        }
        let step = try await stepToVerify(object, info)
        let digests = try await Self.inParallel(Self.ranges(info.size, step: step ?? partSize)) { _, range in
            var request = AWSRequest("GET", object)
            request.headers["If-Match"] = info.tag
            request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            request.sink = .part(path, offset: range.lowerBound, maximum: range.count)
            let response = try await client.send(request)
            guard response.bodySize == range.count else { throw Self.corrupt(object) }
            return step == nil ? nil : try FileDigest(.file(path), range: range, name: object.description)
        }
        if step != nil {
            var all = Data()
            for digest in digests { all += Data(digest?.bytes ?? SHA256.hash(data: Data())) }
            guard Data(SHA256.hash(data: all)).base64EncodedString() == info.checksum else {
                throw Self.corrupt(object)
            }
        } else if let checksum = info.checksum, info.parts == nil {
            let digest = try FileDigest(.file(path), name: object.description)
            guard digest.base64 == checksum else { throw Self.corrupt(object) }
        }
        return info
    }

    /// Bytes of the parts that the object's checksum was made of; `nil` where that cannot be known.
    private func stepToVerify(_ object: S3Location, _ info: ObjectInfo) async throws -> Int? {
        guard info.checksum != nil, let parts = info.parts, parts > 1 else { return nil }
        var request = AWSRequest("HEAD", object)
        request.query = [(name: "partNumber", value: "1")]
        let response = try await client.send(request)
        guard let size = response.headers["content-length"].flatMap({ Int($0) }), size > 0, size < info.size,
            parts == (info.size + size - 1) / size
        else { return nil }
        return size
    }

    // MARK: -

    private static func ranges(_ size: Int, step: Int) -> [Range<Int>] {
        stride(from: 0, to: size, by: step).map { $0..<min($0 + step, size) }
    }

    /// Works on all ranges, a few at a time. -> the results in the ranges' order.
    private static func inParallel<R: Sendable>(
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
}
