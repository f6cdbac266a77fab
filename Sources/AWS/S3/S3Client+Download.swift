import Crypto
import Faults
package import FoundationEssentials
import HTTP

/// Objects on their way here: verified by this project's own hash, else by the store's checksum, never by a tag.
extension S3Client {
    /// The bytes of an object.
    ///
    /// - Parameter maximum: bytes; a longer object is `tooLarge`.
    /// - Throws: `corrupt` where they are not what was stored.
    package func read(_ object: S3Location, maximum: Int) async throws -> Data {
        let response = try await features.trying(.checksumMode, isWanted: try asksForChecksums) { isUsed in
            var request = AWSRequest("GET", object)
            if isUsed { request.headers["x-amz-checksum-mode"] = "ENABLED" }
            request.sink = .memory(maximum: maximum)
            return try await client.send(request)
        }
        let body = response.body
        let isSame: Bool
        switch ObjectInfo(response, size: response.bodySize).proof {
        case .bytes(let proof): isSame = proof.holds(for: SHA256.hash(data: body))
        case .pieces(let proof, let step):
            let pieces = Self.ranges(body.count, step: step).map { range in
                SHA256.hash(data: body.dropFirst(range.lowerBound).prefix(range.count))
            }
            isSame = proof.holds(for: S3Hash.combined(pieces))
        case .parts, .none: isSame = true
        }
        guard isSame else { throw Self.corrupt(object) }
        return body
    }

    /// Some bytes of an object; fewer where it ends before them.
    ///
    /// - Parameter info: the object's state that is wanted; any if absent.
    /// - Throws: `conflict` where the object has another.
    package func read(_ object: S3Location, range: Range<Int>, of info: ObjectInfo? = nil) async throws -> Data {
        guard !range.isEmpty else { return Data() }
        if !ignoresRanges {
            do {
                return try await part(object, range, of: info, .memory(maximum: range.count)).body
            } catch let error as AWSError where error.isWhole {
                features.note(.ranges, .refused)
            }
        }
        return try await get(object, of: info) { $0.sink = .slice(range) }.body
    }

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
        var proof = info.proof
        if case .parts(let checksum, let count) = proof {
            proof = try await step(of: object, info, parts: count).map { .pieces(checksum, step: $0) }
        }
        var digests: [SHA256.Digest]?
        if info.size > 2 * partSize, !ignoresRanges {
            do {
                digests = try await downloadParts(object, info, to: path, proof)
            } catch let error as AWSError where error.isWhole {
                features.note(.ranges, .refused)
                try await downloadWhole(object, info, to: path)
            }
        } else {
            try await downloadWhole(object, info, to: path)
        }
        let isSame: Bool
        switch proof {
        case .bytes(let proof):
            isSame = proof.holds(for: try FileDigest(.file(path), name: object.description).bytes)
        case .pieces(let proof, let step):
            let pieces =
                try digests
                ?? Self.ranges(info.size, step: step).map {
                    try FileDigest(.file(path), range: $0, name: object.description).bytes
                }
            isSame = proof.holds(for: S3Hash.combined(pieces))
        case .parts, .none: isSame = true
        }
        guard isSame else { throw Self.corrupt(object) }
        return info
    }

    private func downloadWhole(_ object: S3Location, _ info: ObjectInfo, to path: String) async throws {
        let response = try await get(object, of: info) { $0.sink = .file(path, maximum: info.size) }
        guard response.bodySize == info.size else { throw Self.corrupt(object) }
    }

    /// In parts, a few concurrently. -> the digests of the proof's pieces, where it is of pieces.
    private func downloadParts(
        _ object: S3Location, _ info: ObjectInfo, to path: String, _ proof: Proof?
    ) async throws -> [SHA256.Digest]? {
        var (step, isHashed) = (partSize, false)
        if case .pieces(_, let bytes) = proof, bytes >= partSize / 2 { (step, isHashed) = (bytes, true) }
        let digests = try await Self.inParallel(Self.ranges(info.size, step: step)) { [isHashed] _, range in
            let sink = HTTPRequest.Sink.part(path, offset: range.lowerBound, maximum: range.count)
            let response = try await part(object, range, of: info, sink)
            guard response.bodySize == range.count else { throw Self.corrupt(object) }
            return isHashed ? try FileDigest(.file(path), range: range, name: object.description).bytes : nil
        }
        return isHashed ? digests.compactMap(\.self) : nil
    }

    /// Bytes of the parts that the object's checksum was made of; `nil` where that cannot be known.
    private func step(of object: S3Location, _ info: ObjectInfo, parts: Int) async throws -> Int? {
        guard parts > 1 else { return info.size > 0 ? info.size : nil }
        guard features[.partNumber] != .refused else { return nil }
        do {
            var request = AWSRequest("HEAD", object)
            request.query = [(name: "partNumber", value: "1")]
            let response = try await client.send(request)
            guard let size = response.headers["content-length"].flatMap({ Int($0) }), size > 0, size < info.size,
                parts == (info.size + size - 1) / size
            else { return nil }
            return size
        } catch let error as AWSError where error.status != nil {
            // The bytes can be had all the same: they are not verified then.
            if !error.retryable { features.note(.partNumber, .refused) }
            return nil
        }
    }

    // MARK: - Requests for one state of an object

    private func part(
        _ object: S3Location, _ range: Range<Int>, of info: ObjectInfo?, _ sink: HTTPRequest.Sink
    ) async throws -> HTTPResponse {
        let response = try await get(object, of: info) { request in
            request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            request.wantsPart = true
            request.sink = sink
        }
        if let start = ContentRange(response)?.start, start != range.lowerBound { throw Self.corrupt(object) }
        return response
    }

    /// Reads an object in the state that is wanted.
    ///
    /// The condition is left to the store where the tag allows it. An endpoint that refuses a condition with its own tag, as proxies do
    /// that rewrite tags, is asked without from then on; each answer is compared with the state in any case, by tag only where nothing
    /// better is known.
    private func get(
        _ object: S3Location, of info: ObjectInfo?, _ prepare: (inout AWSRequest) -> Void
    ) async throws -> HTTPResponse {
        var request = AWSRequest("GET", object)
        prepare(&request)
        if let info, features[.conditions] != .refused { request.headers["If-Match"] = S3Tag(info.tag).condition }
        let response: HTTPResponse
        do {
            response = try await client.send(request)
        } catch let error as AWSError where error.status == 412 && request.headers["If-Match"] != nil {
            guard let info, try await isUnchanged(object, since: info) else { throw error }
            request.headers["If-Match"] = nil
            response = try await client.send(request)
            features.note(.conditions, .refused)
        }
        if let info, try await !isAbout(response, object, info) {
            throw AWSError(.conflict, "\(object) has changed while it was read", service: .s3)
        }
        return response
    }

    /// Whether an answer is about a state of an object.
    private func isAbout(_ response: HTTPResponse, _ object: S3Location, _ info: ObjectInfo) async throws -> Bool {
        if let total = ContentRange(response)?.total, total != info.size { return false }
        let found = ObjectInfo(response, size: response.bodySize)
        if found.isSame(as: info, byTag: hasTags) { return true }
        // Only the tags differ: the endpoint may give the answer to GET another one than that to HEAD.
        guard found.isSame(as: info, byTag: false), try await isUnchanged(object, since: info) else { return false }
        features.note(.tags, .refused)
        return true
    }

    /// Whether an object is still in the state that was reported before.
    private func isUnchanged(_ object: S3Location, since info: ObjectInfo) async throws -> Bool {
        guard let now = try await self.info(object), now.size == info.size else { return false }
        if now.isSame(as: info, byTag: hasTags) { return true }
        // A store gives a state the same tag each time that it is asked; where it does not, tags mean nothing.
        guard now.isSame(as: info, byTag: false), let again = try await self.info(object), again.size == now.size,
            !again.isSame(as: now), again.isSame(as: now, byTag: false)
        else { return false }
        features.note(.tags, .refused)
        return true
    }

    /// Whether the endpoint gives a state of an object the same tag in each answer.
    private var hasTags: Bool { features[.tags] != .refused }

    static func corrupt(_ object: S3Location) -> AWSError {
        AWSError(
            .corruptMedia, "\(object): the bytes that came are not those that were stored", retryable: true,
            service: .s3)
    }
}

// MARK: - Proof

extension S3Client {
    /// A digest that an object's bytes must have.
    enum Digest: Sendable {
        case hexadecimal(String)
        case base64(String)

        func holds(for digest: SHA256.Digest) -> Bool {
            switch self {
            case .hexadecimal(let text): Hex.text(digest) == text
            case .base64(let text): Data(digest).base64EncodedString() == text
            }
        }
    }

    /// How an object's bytes are verified.
    enum Proof: Sendable {
        /// By a digest of all of them.
        case bytes(Digest)
        /// By a digest of the digests of pieces of `step` bytes.
        case pieces(Digest, step: Int)
        /// By a digest of the digests of parts whose size is not known.
        case parts(Digest, count: Int)
    }
}

extension S3Client.ObjectInfo {
    /// `nil` where nothing is known of the bytes.
    var proof: S3Client.Proof? {
        if let hash {
            let digest = S3Client.Digest.hexadecimal(hash.digits)
            return hash.step.map { .pieces(digest, step: $0) } ?? .bytes(digest)
        }
        guard let checksum else { return nil }
        let digest = S3Client.Digest.base64(checksum.base64)
        return checksum.parts.map { .parts(digest, count: $0) } ?? .bytes(digest)
    }
}
