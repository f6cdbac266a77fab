// SPDX-License-Identifier: Apache-2.0

import Faults
package import FoundationEssentials
import HTTP
import Hashing

/// Downloads. They are verified by the hash in the object's metadata, otherwise by the store's checksum, never by an ETag.
extension S3Client {
    /// Reads an object into memory.
    ///
    /// - Parameter maximum: maximum size in bytes; a larger object fails with `tooLarge`.
    /// - Throws: `AWSError`, `corruptMedia` if the bytes differ from the stored ones; `CancellationError`.
    package func read(_ object: S3Location, maximum: Int) async throws -> Data {
        let response = try await features.withFeature(.checksumMode, isEnabled: try requestsChecksums) { isUsed in
            var request = AWSRequest("GET", object)
            if isUsed { request.headers["x-amz-checksum-mode"] = "ENABLED" }
            request.sink = .memory(maximum: maximum)
            return try await client.send(request)
        }
        let body = response.body
        let isSame: Bool
        switch ObjectInfo(response, size: response.bodySize).proof {
        case .bytes(let proof): isSame = proof.holds(for: SHA256.hash(body))
        case .pieces(let proof, let step):
            let pieces = Self.ranges(body.count, step: step).map { range in
                SHA256.hash(body.dropFirst(range.lowerBound).prefix(range.count))
            }
            isSame = proof.holds(for: S3Hash.combined(pieces))
        case .parts, .none: isSame = true
        }
        guard isSame else { throw Self.corrupt(object) }
        return body
    }

    /// Reads a range of an object; fewer bytes if the object ends before the range does.
    ///
    /// - Parameter info: the expected state of the object; any if absent.
    /// - Throws: `AWSError`, `conflict` if the object's state differs; `CancellationError`.
    package func read(_ object: S3Location, range: Range<Int>, of info: ObjectInfo? = nil) async throws -> Data {
        guard !range.isEmpty else { return Data() }
        if !ignoresRangeRequests {
            do {
                return try await part(object, range, of: info, .memory(maximum: range.count)).body
            } catch let error as AWSError where error.isRangeIgnored {
                features.record(.ranges, .unsupported)
            }
        }
        return try await get(object, of: info) { $0.sink = .slice(range) }.body
    }

    /// Downloads an object to the file at a path. Large objects are downloaded in parts.
    ///
    /// - Returns: the metadata of the object.
    /// - Throws: `AWSError`, `notFound`, or `corruptMedia` if the bytes differ from the stored ones; `CancellationError`.
    package func download(_ object: S3Location, to path: String) async throws -> ObjectInfo {
        guard let info = try await info(object) else {
            throw AWSError(.notFound, "\(object) does not exist", code: "NoSuchKey", service: .s3)
        }
        return try await download(object, info, to: path)
    }

    /// Downloads a specific state of an object.
    ///
    /// - Parameter info: the expected state of the object.
    /// - Throws: `AWSError`, `conflict` if the object has changed since; `CancellationError`.
    package func download(_ object: S3Location, _ info: ObjectInfo, to path: String) async throws -> ObjectInfo {
        var proof = info.proof
        if case .parts(let checksum, let count) = proof {
            proof = try await pieceSize(of: object, info, parts: count).map { .pieces(checksum, step: $0) }
        }
        var digests: [Hashing.Digest]?
        if info.size > 2 * partSize, !ignoresRangeRequests {
            do {
                digests = try await downloadParts(object, info, to: path, proof)
            } catch let error as AWSError where error.isRangeIgnored {
                features.record(.ranges, .unsupported)
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

    /// Downloads an object in parts, several concurrently.
    ///
    /// - Returns: the digests of the pieces if the proof needs them, otherwise `nil`.
    private func downloadParts(
        _ object: S3Location, _ info: ObjectInfo, to path: String, _ proof: Proof?
    ) async throws -> [Hashing.Digest]? {
        var (step, isHashed) = (partSize, false)
        if case .pieces(_, let bytes) = proof, bytes >= partSize / 2 { (step, isHashed) = (bytes, true) }
        let digests = try await Self.concurrentMap(Self.ranges(info.size, step: step)) { [isHashed] _, range in
            let sink = HTTPRequest.Sink.part(path, offset: range.lowerBound, maximum: range.count)
            let response = try await part(object, range, of: info, sink)
            guard response.bodySize == range.count else { throw Self.corrupt(object) }
            return isHashed ? try FileDigest(.file(path), range: range, name: object.description).bytes : nil
        }
        return isHashed ? digests.compactMap(\.self) : nil
    }

    /// The size of the parts from which the object's checksum was computed, in bytes; `nil` if it cannot be determined.
    private func pieceSize(of object: S3Location, _ info: ObjectInfo, parts: Int) async throws -> Int? {
        guard parts > 1 else { return info.size > 0 ? info.size : nil }
        guard features[.partNumber] != .unsupported else { return nil }
        do {
            var request = AWSRequest("HEAD", object)
            request.query = [(name: "partNumber", value: "1")]
            let response = try await client.send(request)
            guard let size = response.headers["content-length"].flatMap({ Int($0) }), size > 0, size < info.size,
                parts == (info.size + size - 1) / size
            else { return nil }
            return size
        } catch let error as AWSError where error.status != nil {
            // The object can still be downloaded, without verification.
            if !error.retryable { features.record(.partNumber, .unsupported) }
            return nil
        }
    }

    // MARK: - Requests for one state of an object

    private func part(
        _ object: S3Location, _ range: Range<Int>, of info: ObjectInfo?, _ sink: HTTPRequest.Sink
    ) async throws -> HTTPResponse {
        let response = try await get(object, of: info) { request in
            request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            request.requiresPartialContent = true
            request.sink = sink
        }
        if let start = ContentRange(response)?.start, start != range.lowerBound { throw Self.corrupt(object) }
        return response
    }

    /// Reads an object in a specific state.
    ///
    /// Strong ETags are sent as `If-Match`. An endpoint that rejects its own ETag, for example because a proxy rewrites ETags, no longer
    /// receives conditions. Each response is also compared with the expected state, by ETag only if nothing better is available.
    private func get(
        _ object: S3Location, of info: ObjectInfo?, _ prepare: (inout AWSRequest) -> Void
    ) async throws -> HTTPResponse {
        var request = AWSRequest("GET", object)
        prepare(&request)
        if let info, features[.conditions] != .unsupported {
            request.headers["If-Match"] = ETag(info.eTag).condition
        }
        let response: HTTPResponse
        do {
            response = try await client.send(request)
        } catch let error as AWSError where error.status == 412 && request.headers["If-Match"] != nil {
            guard let info, try await isUnchanged(object, since: info) else { throw error }
            request.headers["If-Match"] = nil
            response = try await client.send(request)
            features.record(.conditions, .unsupported)
        }
        if let info, try await !describes(response, object, info) {
            throw AWSError(.conflict, "\(object) changed while it was being read", service: .s3)
        }
        return response
    }

    /// Whether a response describes a specific state of an object.
    private func describes(_ response: HTTPResponse, _ object: S3Location, _ info: ObjectInfo) async throws -> Bool {
        if let total = ContentRange(response)?.total, total != info.size { return false }
        let found = ObjectInfo(response, size: response.bodySize)
        if found.isSame(as: info, comparingETags: hasStableETags) { return true }
        // Only the ETags differ: they may depend on the method, GET or HEAD.
        guard found.isSame(as: info, comparingETags: false), try await isUnchanged(object, since: info) else {
            return false
        }
        features.record(.eTags, .unsupported)
        return true
    }

    /// Whether an object is still in a previously reported state.
    private func isUnchanged(_ object: S3Location, since info: ObjectInfo) async throws -> Bool {
        guard let now = try await self.info(object), now.size == info.size else { return false }
        if now.isSame(as: info, comparingETags: hasStableETags) { return true }
        // If two consecutive requests report different ETags for the same state, the store's ETags are not usable.
        guard now.isSame(as: info, comparingETags: false), let again = try await self.info(object),
            again.size == now.size,
            !again.isSame(as: now), again.isSame(as: now, comparingETags: false)
        else { return false }
        features.record(.eTags, .unsupported)
        return true
    }

    /// Whether the endpoint reports the same ETag in every response about one state of an object.
    private var hasStableETags: Bool { features[.eTags] != .unsupported }

    static func corrupt(_ object: S3Location) -> AWSError {
        AWSError(
            .corruptMedia, "\(object): the received bytes differ from the stored ones", retryable: true,
            service: .s3)
    }
}

// MARK: - Proof

extension S3Client {
    /// The expected digest of an object's bytes.
    enum Digest: Sendable {
        case hexadecimal(String)
        case base64(String)

        func holds(for digest: Hashing.Digest) -> Bool {
            switch self {
            case .hexadecimal(let text): digest.hexadecimal == text
            case .base64(let text): Data(digest).base64EncodedString() == text
            }
        }
    }

    /// What an object's bytes are verified against.
    enum Proof: Sendable {
        /// A digest of all bytes.
        case bytes(Digest)
        /// A digest of the digests of pieces of `step` bytes.
        case pieces(Digest, step: Int)
        /// A digest of the digests of parts of unknown size.
        case parts(Digest, count: Int)
    }
}

extension S3Client.ObjectInfo {
    /// What the object's bytes can be verified against; `nil` if there is nothing.
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
