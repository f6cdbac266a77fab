// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc
import HTTP
import Hashing

/// Multipart uploads, four parts concurrently.
extension S3Client {
    /// Maximum number of parts in S3.
    private static let maximumParts = 10_000

    /// Uploads a file in parts.
    func upload(_ file: MultipartUpload) async throws -> Stored {
        let isEnabled = try sendsChecksums && features[.checksums] != .unsupported
        return try await features.withFeature(.partChecksums, isEnabled: isEnabled) { isUsed in
            let step = max(partSize, (file.size + Self.maximumParts - 1) / Self.maximumParts)
            let ranges = Self.ranges(file.size, step: step)
            if isUsed {
                let (id, startTime, hasChecksums) = try await begin(file, .checksums)
                if hasChecksums { return try await send(file, ranges, id, startTime, digests: nil, .checksums) }
                // The store ignores checksums. Use a hash in the metadata instead, which must be known in advance.
                await abort(file.object, id)
                features.record(.partChecksums, .unsupported)
            }
            let digests = try await Self.concurrentMap(ranges) { _, range in
                try FileDigest(.file(file.path), range: range, name: file.object.description)
            }
            let hash = S3Hash(pieces: digests.map(\.bytes), step: step)
            let (id, startTime, integrity) = try await features.withFeature(.metadata) { hasHash in
                let integrity = hasHash ? MultipartUpload.Integrity.hash(hash) : .none
                let (id, startTime, _) = try await begin(file, integrity)
                return (id, startTime, integrity)
            }
            return try await send(file, ranges, id, startTime, digests: digests, integrity)
        }
    }

    /// Uploads all parts and completes the upload; aborts it after an error.
    ///
    /// - Parameters:
    ///   - startTime: when the upload began by the store's clock, in seconds since 1970.
    ///   - digests: the digests of the parts; `nil` to compute them on the fly if the store verifies checksums.
    private func send(
        _ file: MultipartUpload, _ ranges: [Range<Int>], _ id: String, _ startTime: Double, digests: [FileDigest]?,
        _ integrity: MultipartUpload.Integrity
    ) async throws -> Stored {
        do {
            let parts = try await Self.concurrentMap(ranges) { number, range in
                let digest =
                    try digests?[number]
                    ?? FileDigest(.file(file.path), range: range, name: file.object.description)
                guard digest.size == range.count else {
                    throw AWSError(file: EIO, "\(file.object): \(file.path) was truncated during the upload")
                }
                var request = AWSRequest("PUT", file.object)
                request.query = [(name: "partNumber", value: String(number + 1)), (name: "uploadId", value: id)]
                request.setBody(.file(file.path), digest, range: range, withChecksum: integrity.hasChecksums)
                let response = try await client.send(request)
                return MultipartUpload.Part(eTag: ETag(response.headers["etag"]), digest: digest.bytes)
            }
            return try await complete(file, id, startTime, parts, integrity)
        } catch {
            await abort(file.object, id)
            throw error
        }
    }

    /// Aborts unfinished uploads that terminated writers left behind.
    ///
    /// - Parameters:
    ///   - folder: its key is the prefix of the uploads' keys.
    ///   - time: only uploads that began before this time are aborted, in seconds since 1970.
    /// - Throws: `AWSError`; `CancellationError`.
    package func abortUploads(below folder: S3Location, startedBefore time: Double) async throws {
        var request = AWSRequest("GET", try S3Location(bucket: folder.bucket, key: ""))
        request.query = [(name: "uploads", value: ""), (name: "prefix", value: folder.key)]
        let response = try await client.send(request)
        guard let result = XMLElement(document: response.body) else { return }
        for upload in result.children(named: "Upload") {
            guard let key = upload["Key"]?.text, let id = upload["UploadId"]?.text,
                let start = upload["Initiated"].flatMap({ ExpirationTime.seconds($0.text) }), start < time
            else { continue }
            await abort(try S3Location(bucket: folder.bucket, key: key), id)
        }
    }

    /// Begins an upload.
    ///
    /// - Returns: the upload's identifier, its start time by the store's clock, and whether the store will store the parts' checksums.
    private func begin(
        _ file: MultipartUpload, _ integrity: MultipartUpload.Integrity
    ) async throws -> (id: String, startTime: Double, hasChecksums: Bool) {
        var request = AWSRequest("POST", file.object)
        request.query = [(name: "uploads", value: "")]
        request.headers["Content-Type"] = file.mediaType
        switch integrity {
        case .checksums: request.headers["x-amz-checksum-algorithm"] = "SHA256"
        case .hash(let hash): request.headers[S3Hash.header] = hash.text
        case .none: break
        }
        storageOptions.apply(to: &request.headers)
        let response = try await client.send(request)
        guard let id = XMLElement(document: response.body)?["UploadId"]?.text, !id.isEmpty else {
            throw AWSError(
                .unavailable, "\(file.object): unexpected response to a multipart upload; check the S3 endpoint",
                service: .s3)
        }
        let startTime = response.headers["date"].flatMap(HTTPDate.seconds) ?? 0
        return (id, startTime, response.headers["x-amz-checksum-algorithm"]?.uppercased() == "SHA256")
    }

    /// Completes an upload.
    ///
    /// After any error, checks whether the object exists before reporting a failure: an earlier attempt may have been executed and its
    /// response lost, and stores reject the next attempt with various errors because the upload no longer exists.
    private func complete(
        _ file: MultipartUpload, _ id: String, _ startTime: Double, _ parts: [MultipartUpload.Part],
        _ integrity: MultipartUpload.Integrity
    ) async throws -> Stored {
        let object = file.object
        let checksum = Checksum(
            base64: Data(S3Hash.combined(parts.map(\.digest))).base64EncodedString(), parts: parts.count)
        let identity = if case .hash(let hash) = integrity { ObjectInfo.identity(hash) } else { checksum.identity }
        var eTags = parts.map(\.eTag)
        // Some proxies remove ETags from responses.
        var areListed = eTags.contains(where: \.value.isEmpty)
        if areListed { eTags = try await listedETags(of: parts, object, id) }
        while true {
            do {
                return try await complete(object, id, parts, eTags, integrity, identity)
            } catch var error as AWSError {
                let expected = ExpectedObject(
                    size: file.size, identity: identity, eTag: ETag.ofParts(eTags), startTime: startTime)
                if let info = try? await info(object), expected.matches(info) {
                    return Stored(eTag: info.eTag, identity: info.identity ?? identity)
                }
                // Some proxies rewrite ETags; the store expects its own.
                if !areListed, error.status == 400 {
                    areListed = true
                    let listed = (try? await listedETags(of: parts, object, id)) ?? eTags
                    if listed != eTags {
                        eTags = listed
                        continue
                    }
                }
                if error.code == "NoSuchUpload" { error.retryable = true }
                throw error
            }
        }
    }

    private func complete(
        _ object: S3Location, _ id: String, _ parts: [MultipartUpload.Part], _ eTags: [ETag],
        _ integrity: MultipartUpload.Integrity, _ identity: String
    ) async throws -> Stored {
        var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (index, (part, eTag)) in zip(parts, eTags).enumerated() {
            text += "<Part><ETag>\(XMLElement.escaped(eTag.stored))</ETag>"
            if integrity.hasChecksums {
                text += "<ChecksumSHA256>\(Data(part.digest).base64EncodedString())</ChecksumSHA256>"
            }
            text += "<PartNumber>\(index + 1)</PartNumber></Part>"
        }
        var request = AWSRequest("POST", object)
        request.query = [(name: "uploadId", value: id)]
        request.headers["Content-Type"] = "application/xml"
        request.body = .bytes(Data("\(text)</CompleteMultipartUpload>".utf8))
        // A response with the status 200 may contain an error.
        request.expectedRootElement = "CompleteMultipartUploadResult"
        let response = try await client.send(request)
        let eTag = response.headers["etag"] ?? XMLElement(document: response.body)?["ETag"]?.text
        return Stored(eTag: eTag ?? "", identity: identity)
    }

    /// The object that an upload should produce.
    private struct ExpectedObject {
        let size: Int
        let identity: String
        /// The ETag as AWS computes it; `nil` if the parts' ETags are not MD5 digests.
        let eTag: String?
        /// When the upload began by the store's clock, in seconds since 1970; 0 if unknown.
        let startTime: Double

        /// Whether an object is the uploaded one, not an older one with the same key and size.
        func matches(_ info: ObjectInfo) -> Bool {
            guard info.size == size else { return false }
            if info.identity == identity { return true }
            // A different hash or checksum belongs to a different object.
            guard info.hash == nil, info.checksum == nil else { return false }
            let found = ETag(info.eTag)
            if let eTag, found.parts != nil { return found.value == eTag }
            return startTime > 0 && info.modified >= startTime
        }
    }

    /// The parts' ETags from the store's list of parts, or from the upload's responses for parts that it lacks.
    private func listedETags(of parts: [MultipartUpload.Part], _ object: S3Location, _ id: String) async throws
        -> [ETag]
    {
        var listed: [Int: ETag] = [:]
        var marker = "0"
        while true {
            var request = AWSRequest("GET", object)
            request.query = [(name: "uploadId", value: id), (name: "part-number-marker", value: marker)]
            request.expectedRootElement = "ListPartsResult"
            let previousCount = listed.count
            let result = XMLElement(document: try await client.send(request).body)
            for part in result?.children(named: "Part") ?? [] {
                guard let number = part["PartNumber"].flatMap({ Int($0.text) }), let eTag = part["ETag"]?.text else {
                    continue
                }
                listed[number] = ETag(eTag)
            }
            // Some stores do not report that the list is truncated.
            guard listed.count < parts.count, listed.count > previousCount, let last = listed.keys.max() else { break }
            marker = String(last)
        }
        return parts.enumerated().map { listed[$0.offset + 1] ?? $0.element.eTag }
    }

    /// Aborts an upload, even in a cancelled task: stored parts would be billed indefinitely.
    private func abort(_ object: S3Location, _ id: String) async {
        var request = AWSRequest("DELETE", object)
        request.query = [(name: "uploadId", value: id)]
        let ready = request
        let client = client
        await Task { _ = try? await client.send(ready) }.value
    }
}

extension ETag {
    /// The ETag value of a multipart object in AWS: the MD5 digest of the parts' MD5 digests.
    ///
    /// - Returns: `nil` if the parts' ETags are not MD5 digests.
    static func ofParts(_ parts: [ETag]) -> String? {
        var hash = MD5()
        for part in parts {
            guard let bytes = Hexadecimal.bytes(part.value), bytes.count == MD5.size else { return nil }
            hash.update(bytes)
        }
        return hash.finalize().map { "\($0.hexadecimal)-\(parts.count)" }
    }
}
