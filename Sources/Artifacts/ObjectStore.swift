// SPDX-License-Identifier: Apache-2.0

import AWS
import Faults
import FoundationEssentials
import Glibc
import Synchronization

/// Artifacts in S3. Settings are read and the transfer thread starts on the first access.
///
///     let objects = ObjectStore(environment: ProcessInfo.processInfo.environment)
///     let uri = try ArtifactURI("s3://films/session/final.srt")
///     try await objects.write(Data("1\n".utf8), to: uri)
///     let path = try await objects.localPath(uri)
final class ObjectStore: Sendable {
    /// Maximum number of attempts to download an object that keeps changing.
    private static let maximumAttempts = 4

    private let environment: [String: String]
    private let cachedClient = Mutex<S3Client?>(nil)
    private let copies: LocalCopies
    private let pins = LocalFilePins()

    init(environment: [String: String]) {
        self.environment = environment
        copies = LocalCopies(environment: environment)
    }

    /// The metadata of an object; `nil` if it does not exist.
    func info(_ uri: ArtifactURI) async throws -> ArtifactInfo? {
        // S3 reports whole seconds. Rounding up ensures that no object appears older than it is.
        try await client.info(try location(uri)).map {
            ArtifactInfo(
                size: $0.size, modified: $0.modified + 0.999,
                tag: $0.identity ?? "\($0.modified)-\($0.size)", object: $0)
        }
    }

    /// Reads an object into memory; a larger one than `maximum` bytes fails with `tooLarge`.
    func read(_ uri: ArtifactURI, maximum: Int) async throws -> Data {
        try await client.read(try location(uri), maximum: maximum)
    }

    /// Reads a range of an object in the state that `info` describes. Uses a local copy if the endpoint does not support ranges.
    func read(_ uri: ArtifactURI, range: Range<Int>, of info: ArtifactInfo) async throws -> Data {
        if client.ignoresRangeRequests, let object = info.object, copies.isCacheable(object.identity, size: object.size)
        {
            let file = try await localCopy(uri, object)
            return try RegularFile(reading: file.path).bytes(at: range.lowerBound, count: range.count)
        }
        return try await client.read(try location(uri), range: range, of: info.object)
    }

    /// The path of an existing local copy of an object in the state that `info` describes.
    func cachedPath(_ uri: ArtifactURI, of info: ArtifactInfo) -> String? {
        copies.find(uri, identity: info.object?.identity, size: info.size).map { pins.path($0) }
    }

    /// Uploads bytes.
    func write(_ bytes: Data, to uri: ArtifactURI) async throws {
        try await client.upload(.bytes(bytes), to: try location(uri), mediaType: Self.mediaType(uri))
    }

    /// Uploads the file at a path.
    func store(_ path: String, as uri: ArtifactURI) async throws {
        try await client.upload(.file(path), to: try location(uri), mediaType: Self.mediaType(uri))
    }

    /// Lists the objects directly below a folder.
    func list(_ folder: ArtifactURI) async throws -> [ArtifactURI] {
        let location = try Self.parse(folder)
        return try await client.list(S3Location(bucket: location.bucket, key: location.key)).compactMap { key in
            // Skips hidden keys and keys that are not valid paths.
            let uri = try? ArtifactURI("s3://\(location.bucket)/\(key)")
            return uri?.path == "\(location.bucket)/\(key)" && uri?.name.hasPrefix(".") == false ? uri : nil
        }
    }

    /// Removes an object. Does nothing if it does not exist.
    func remove(_ uri: ArtifactURI) async throws {
        try await client.remove(try location(uri))
    }

    /// Copies an object within S3.
    func copy(_ source: ArtifactURI, to target: ArtifactURI) async throws {
        try await client.copy(try location(source), to: try location(target))
    }

    /// The path of a local copy of an object, which is downloaded if there is none of its current state.
    ///
    /// If the object is replaced during the download, its new state is downloaded.
    ///
    /// - Throws: `not_found`; `conflict` if the object keeps changing.
    func localPath(_ uri: ArtifactURI) async throws -> String {
        let object = try location(uri)
        var attempt = 1
        while true {
            guard let info = try await client.info(object) else {
                throw ServiceError(.notFound, "\(uri) does not exist")
            }
            do {
                return pins.path(try await localCopy(uri, info))
            } catch let error as AWSError where error.kind == .conflict && attempt < Self.maximumAttempts {
                attempt += 1
            }
        }
    }

    private func localCopy(_ uri: ArtifactURI, _ info: S3Client.ObjectInfo) async throws -> LocalFile {
        let object = try location(uri)
        return try await copies.fetch(uri, identity: info.identity, size: info.size) { path in
            _ = try await client.download(object, info, to: path)
        }
    }

    /// Aborts unfinished uploads below a folder that are older than `seconds`.
    func sweep(_ folder: ArtifactURI, olderThan seconds: Int) async throws {
        let location = try Self.parse(folder)
        let prefix = try S3Location(
            bucket: location.bucket, key: location.key.isEmpty ? "" : "\(location.key)/")
        try await client.abortUploads(below: prefix, startedBefore: Double(time(nil) - seconds))
    }

    /// Calls `body` with the path of a file to write, then uploads that file.
    func output<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        let object = try location(uri)
        return try await copies.temporary(uri) { path in
            let result = try await body(path)
            try Task.checkCancellation()
            let stored = try await client.upload(.file(path), to: object, mediaType: Self.mediaType(uri))
            // Caches the file so that readers on this machine do not download it.
            let size = (try? RegularFile(reading: path))?.size ?? .max
            copies.store(path, uri, identity: stored.identity, size: size)
            return result
        }
    }

    private var client: S3Client {
        cachedClient.withLock { cachedClient in
            if let cachedClient { return cachedClient }
            let client = S3Client(account: AWSAccount(serviceEnvironment: environment))
            cachedClient = client
            return client
        }
    }

    /// The location of an object.
    ///
    /// - Throws: `invalid_params` if the URI has no key.
    private func location(_ uri: ArtifactURI) throws -> S3Location {
        let location = try Self.parse(uri)
        guard !location.key.isEmpty else {
            throw ServiceError(.invalidParams, "\(uri): expected a key after the bucket, s3://bucket/key")
        }
        return location
    }

    private static func parse(_ uri: ArtifactURI) throws -> S3Location {
        let bucket = uri.path.prefix { $0 != "/" }
        return try S3Location(bucket: String(bucket), key: String(uri.path[bucket.endIndex...].dropFirst()))
    }

    private static func mediaType(_ uri: ArtifactURI) -> String {
        switch uri.name.split(separator: ".").last?.lowercased() {
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "webp": "image/webp"
        case "mp4": "video/mp4"
        case "mp3": "audio/mpeg"
        case "wav": "audio/wav"
        case "m4a": "audio/mp4"
        case "json": "application/json"
        case "vtt": "text/vtt"
        case "srt", "txt": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}
