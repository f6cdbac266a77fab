import Crypto
import Faults
import FoundationEssentials
import Glibc
import HTTP

/// Large objects on their way to the store: in parts, four concurrently.
extension S3Client {
    /// S3's bound.
    private static let maximumParts = 10_000

    func upload(_ file: LargeUpload) async throws -> Stored {
        let isWanted = try sendsChecksums && features[.checksums] != .refused
        return try await features.trying(.partChecksums, isWanted: isWanted) { isUsed in
            let step = max(partSize, (file.size + Self.maximumParts - 1) / Self.maximumParts)
            let ranges = Self.ranges(file.size, step: step)
            if isUsed {
                let (id, moment, isKept) = try await begin(file, .checksums)
                if isKept { return try await send(file, ranges, id, moment, digests: nil, .checksums) }
                // The store takes no notice of checksums. What it stores then has this project's own, which is known before.
                await abort(file.object, id)
                features.note(.partChecksums, .refused)
            }
            let digests = try await Self.inParallel(ranges) { _, range in
                try FileDigest(.file(file.path), range: range, name: file.object.description)
            }
            let hash = S3Hash(pieces: digests.map(\.bytes), step: step)
            let (id, moment, seal) = try await features.trying(.metadata) { hasHash in
                let seal = hasHash ? LargeUpload.Seal.hash(hash) : .none
                let (id, moment, _) = try await begin(file, seal)
                return (id, moment, seal)
            }
            return try await send(file, ranges, id, moment, digests: digests, seal)
        }
    }

    /// Sends all parts and makes them an object.
    ///
    /// - Parameters:
    ///   - moment: when the upload began by the store's clock.
    ///   - digests: of the parts; `nil` where they are computed on the way and the store checks them.
    private func send(
        _ file: LargeUpload, _ ranges: [Range<Int>], _ id: String, _ moment: Double, digests: [FileDigest]?,
        _ seal: LargeUpload.Seal
    ) async throws -> Stored {
        do {
            let parts = try await Self.inParallel(ranges) { number, range in
                let digest =
                    try digests?[number]
                    ?? FileDigest(.file(file.path), range: range, name: file.object.description)
                guard digest.size == range.count else {
                    throw AWSError(file: EIO, "\(file.object): \(file.path) became shorter while it was sent")
                }
                var request = AWSRequest("PUT", file.object)
                request.query = [(name: "partNumber", value: String(number + 1)), (name: "uploadId", value: id)]
                request.carry(.file(file.path), digest, range: range, withChecksum: seal.hasChecksums)
                let response = try await client.send(request)
                return LargeUpload.Part(tag: S3Tag(response.headers["etag"]), digest: digest.bytes)
            }
            return try await complete(file, id, moment, parts, seal)
        } catch {
            await abort(file.object, id)
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
                let start = upload["Initiated"].flatMap({ ExpirationTime.seconds($0.text) }), start < moment
            else { continue }
            await abort(try S3Location(bucket: folder.bucket, key: key), id)
        }
    }

    /// - Returns: the upload, when it began by the store's clock, and whether the store will keep the parts' checksums.
    private func begin(
        _ file: LargeUpload, _ seal: LargeUpload.Seal
    ) async throws -> (id: String, moment: Double, isKept: Bool) {
        var request = AWSRequest("POST", file.object)
        request.query = [(name: "uploads", value: "")]
        request.headers["Content-Type"] = file.mediaType
        switch seal {
        case .checksums: request.headers["x-amz-checksum-algorithm"] = "SHA256"
        case .hash(let hash): request.headers[S3Hash.header] = hash.text
        case .none: break
        }
        storage.mark(&request.headers)
        let response = try await client.send(request)
        guard let id = XMLElement(document: response.body)?["UploadId"]?.text, !id.isEmpty else {
            throw AWSError(.unavailable, "\(file.object): the endpoint's answer is not an upload of S3", service: .s3)
        }
        let moment = response.headers["date"].flatMap(HTTPDate.seconds) ?? 0
        return (id, moment, response.headers["x-amz-checksum-algorithm"]?.uppercased() == "SHA256")
    }

    /// Makes the parts an object.
    ///
    /// After any error, checks whether the object exists before the upload is reported as lost: an earlier attempt may have been carried
    /// out and its answer lost, and stores reject the next attempt with various errors because the upload no longer exists.
    private func complete(
        _ file: LargeUpload, _ id: String, _ moment: Double, _ parts: [LargeUpload.Part], _ seal: LargeUpload.Seal
    ) async throws -> Stored {
        let object = file.object
        let checksum = Checksum(
            base64: Data(S3Hash.combined(parts.map(\.digest))).base64EncodedString(), parts: parts.count)
        let identity = if case .hash(let hash) = seal { ObjectInfo.identity(hash) } else { checksum.identity }
        var tags = parts.map(\.tag)
        // Some proxies remove the tags from the answers.
        var areListed = tags.contains(where: \.value.isEmpty)
        if areListed { tags = try await listedTags(of: parts, object, id) }
        while true {
            do {
                return try await complete(object, id, parts, tags, seal, identity)
            } catch var error as AWSError {
                let expected = Expected(
                    size: file.size, identity: identity, tag: S3Tag.completing(tags), moment: moment)
                if let info = try? await info(object), expected.isMet(by: info) {
                    return Stored(tag: info.tag, identity: info.identity ?? identity)
                }
                // Some proxies rewrite the tags: the store knows the parts by others.
                if !areListed, error.status == 400 {
                    areListed = true
                    let listed = (try? await listedTags(of: parts, object, id)) ?? tags
                    if listed != tags {
                        tags = listed
                        continue
                    }
                }
                if error.code == "NoSuchUpload" { error.retryable = true }
                throw error
            }
        }
    }

    private func complete(
        _ object: S3Location, _ id: String, _ parts: [LargeUpload.Part], _ tags: [S3Tag], _ seal: LargeUpload.Seal,
        _ identity: String
    ) async throws -> Stored {
        var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (index, (part, tag)) in zip(parts, tags).enumerated() {
            text += "<Part><ETag>\(XMLElement.escaped(tag.stored))</ETag>"
            if seal.hasChecksums {
                text += "<ChecksumSHA256>\(Data(part.digest).base64EncodedString())</ChecksumSHA256>"
            }
            text += "<PartNumber>\(index + 1)</PartNumber></Part>"
        }
        var request = AWSRequest("POST", object)
        request.query = [(name: "uploadId", value: id)]
        request.headers["Content-Type"] = "application/xml"
        request.body = .bytes(Data("\(text)</CompleteMultipartUpload>".utf8))
        // It may fail behind an answer that says 200.
        request.resultName = "CompleteMultipartUploadResult"
        let response = try await client.send(request)
        let tag = response.headers["etag"] ?? XMLElement(document: response.body)?["ETag"]?.text
        return Stored(tag: tag ?? "", identity: identity)
    }

    /// What an upload makes of an object.
    private struct Expected {
        let size: Int
        let identity: String
        /// As AWS computes it; `nil` where the parts' own are of another kind.
        let tag: String?
        /// When the upload began by the store's clock; 0 where that is not known.
        let moment: Double

        /// Whether an object is what was uploaded, and not an older one of the same name and size.
        func isMet(by info: ObjectInfo) -> Bool {
            guard info.size == size else { return false }
            if info.identity == identity { return true }
            // Another hash is another object's.
            guard info.hash == nil, info.checksum == nil else { return false }
            let theirs = S3Tag(info.tag)
            if let tag, theirs.parts != nil { return theirs.value == tag }
            return moment > 0 && info.modified >= moment
        }
    }

    /// The parts' tags by the store's own list; by the answers where it lacks a part.
    private func listedTags(of parts: [LargeUpload.Part], _ object: S3Location, _ id: String) async throws -> [S3Tag] {
        var listed: [Int: S3Tag] = [:]
        var marker = "0"
        while true {
            var request = AWSRequest("GET", object)
            request.query = [(name: "uploadId", value: id), (name: "part-number-marker", value: marker)]
            request.resultName = "ListPartsResult"
            let before = listed.count
            let result = XMLElement(document: try await client.send(request).body)
            for part in result?.all("Part") ?? [] {
                guard let number = part["PartNumber"].flatMap({ Int($0.text) }), let tag = part["ETag"]?.text else {
                    continue
                }
                listed[number] = S3Tag(tag)
            }
            // Not every store reports that it cuts the list.
            guard listed.count < parts.count, listed.count > before, let last = listed.keys.max() else { break }
            marker = String(last)
        }
        return parts.enumerated().map { listed[$0.offset + 1] ?? $0.element.tag }
    }

    /// Also for a cancelled task: what was sent so far would be paid for ever.
    private func abort(_ object: S3Location, _ id: String) async {
        var request = AWSRequest("DELETE", object)
        request.query = [(name: "uploadId", value: id)]
        let ready = request
        let client = client
        await Task { _ = try? await client.send(ready) }.value
    }
}

extension S3Tag {
    /// The tag's value that AWS gives an object of parts: the MD5 of their MD5s.
    ///
    /// - Returns: `nil` where the parts' tags are not MD5s.
    static func completing(_ parts: [S3Tag]) -> String? {
        var hash = Insecure.MD5()
        for part in parts {
            guard let bytes = Hex.bytes(part.value), bytes.count == Insecure.MD5.byteCount else { return nil }
            hash.update(data: bytes)
        }
        return "\(Hex.text(hash.finalize()))-\(parts.count)"
    }
}
