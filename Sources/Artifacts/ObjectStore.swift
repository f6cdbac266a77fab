import AWS
import Faults
import FoundationEssentials
import Glibc
import Synchronization

/// Artifacts as objects of S3. Nothing is asked of AWS, and no thread begins, before the first object is.
final class ObjectStore: Sendable {
    /// How often an object that is replaced again and again is looked at.
    private static let mostLooks = 4

    private let environment: [String: String]
    private let made = Mutex<S3Client?>(nil)
    private let copies: LocalCopies
    private let uses = LocalUses()

    init(environment: [String: String]) {
        self.environment = environment
        copies = LocalCopies(environment: environment)
    }

    func info(_ uri: ArtifactURI) async throws -> ArtifactInfo? {
        // S3 tells whole seconds: nothing may look older than it is.
        try await client.info(try location(uri)).map {
            ArtifactInfo(
                size: $0.size, modified: $0.modified + 0.999,
                tag: $0.identity ?? "\($0.modified)-\($0.size)", object: $0)
        }
    }

    func read(_ uri: ArtifactURI, maximum: Int) async throws -> Data {
        try await client.read(try location(uri), maximum: maximum)
    }

    func read(_ uri: ArtifactURI, range: Range<Int>, of info: ArtifactInfo) async throws -> Data {
        if client.ignoresRanges, let object = info.object, copies.keeps(object.identity, size: object.size) {
            let file = try await bring(uri, object)
            return try RegularFile(reading: file.path).bytes(at: range.lowerBound, count: range.count)
        }
        return try await client.read(try location(uri), range: range, of: info.object)
    }

    /// A copy on this machine of this state of an object.
    func copy(_ uri: ArtifactURI, of info: ArtifactInfo) -> String? {
        copies.find(uri, identity: info.object?.identity, size: info.size).map { uses.path($0) }
    }

    func write(_ bytes: Data, to uri: ArtifactURI) async throws {
        try await client.upload(.bytes(bytes), to: try location(uri), mediaType: Self.mediaType(uri))
    }

    /// Stores the file at a path.
    func store(_ path: String, as uri: ArtifactURI) async throws {
        try await client.upload(.file(path), to: try location(uri), mediaType: Self.mediaType(uri))
    }

    func list(_ folder: ArtifactURI) async throws -> [ArtifactURI] {
        let place = try Self.parts(folder)
        return try await client.list(S3Location(bucket: place.bucket, key: place.key)).compactMap { key in
            // A key that is no path, or hidden, is nobody's artifact.
            let uri = try? ArtifactURI("s3://\(place.bucket)/\(key)")
            return uri?.path == "\(place.bucket)/\(key)" && uri?.name.hasPrefix(".") == false ? uri : nil
        }
    }

    func remove(_ uri: ArtifactURI) async throws {
        try await client.remove(try location(uri))
    }

    func copy(_ source: ArtifactURI, to target: ArtifactURI) async throws {
        try await client.copy(try location(source), to: try location(target))
    }

    /// A file with the object's bytes: downloaded once, for as long as the object stays the same and there is room for it. An object that
    /// is replaced meanwhile is looked at again: any whole state of it is good.
    func localPath(_ uri: ArtifactURI) async throws -> String {
        let object = try location(uri)
        var looks = 1
        while true {
            guard let info = try await client.info(object) else {
                throw ServiceError(.notFound, "\(uri) does not exist")
            }
            do {
                return uses.path(try await bring(uri, info))
            } catch let error as AWSError where error.kind == .conflict && looks < Self.mostLooks {
                looks += 1
            }
        }
    }

    private func bring(_ uri: ArtifactURI, _ info: S3Client.ObjectInfo) async throws -> LocalFile {
        let object = try location(uri)
        return try await copies.bring(uri, identity: info.identity, size: info.size) { path in
            _ = try await client.download(object, info, to: path)
        }
    }

    /// Ends uploads below a folder that writers which are gone left unfinished.
    func sweep(_ folder: ArtifactURI, olderThan seconds: Int) async throws {
        let place = try Self.parts(folder)
        let prefix = try S3Location(bucket: place.bucket, key: place.key.isEmpty ? "" : "\(place.key)/")
        try await client.abortUploads(below: prefix, startedBefore: Double(time(nil) - seconds))
    }

    /// Calls `body` with the path of a file to write, then stores what it wrote.
    func output<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        let object = try location(uri)
        return try await copies.temporary(uri) { path in
            let result = try await body(path)
            try Task.checkCancellation()
            let stored = try await client.upload(.file(path), to: object, mediaType: Self.mediaType(uri))
            // The next reader on this machine need not download it.
            let size = (try? RegularFile(reading: path))?.size ?? .max
            copies.keep(path, uri, identity: stored.identity, size: size)
            return result
        }
    }

    private var client: S3Client {
        made.withLock { made in
            if let made { return made }
            let client = S3Client(account: AWSAccount(ofService: environment))
            made = client
            return client
        }
    }

    /// - Throws: `invalid_params` for a bucket without a key.
    private func location(_ uri: ArtifactURI) throws -> S3Location {
        let place = try Self.parts(uri)
        guard !place.key.isEmpty else {
            throw ServiceError(.invalidParams, "\(uri): expected a key behind the bucket, s3://bucket/key")
        }
        return place
    }

    private static func parts(_ uri: ArtifactURI) throws -> S3Location {
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
