import Artifacts
import Contracts
import Faults
import FoundationEssentials
import NIOHTTP1
import Untrusted

/// Films, captions, stills and clips of jobs, by ranges; what they are called comes from the orchestrator alone.
struct MediaRoutes: Sendable {
    let known: KnownJobs
    let artifacts: Artifacts

    /// `{job}/film`, `{job}/captions.vtt`, `{job}/chapters.vtt`, `{job}/segments/{segment}/still` or `clip`.
    func get(_ path: [String], _ request: WebRequest) async throws -> WebResponse? {
        guard Self.isKnown(path) else { return nil }
        guard ["film", "captions.vtt", "chapters.vtt", "still", "clip"].contains(path[path.count - 1]) else {
            return nil
        }
        let job = try await known.job(path[0])
        if path.last == "chapters.vtt" { return .text(Self.chapters(job.segments), type: "text/vtt") }
        let place = try place(path, in: job)
        guard let info = try await artifacts.info(place.uri) else {
            // A film without captions is no failure.
            if path.last == "captions.vtt" { return WebResponse(.noContent) }
            throw ServiceError(.notFound, "\(place.uri.name) is not there any more")
        }
        return file(place, info, request)
    }

    /// The same for a file of this machine of a job that was asked for a moment ago: a player's next range, without a wait.
    func immediate(_ path: [String], _ request: WebRequest) -> WebResponse? {
        guard Self.isKnown(path), ["film", "still", "clip"].contains(path.last), let job = known.recent(path[0]),
            let place = try? place(path, in: job), let info = artifacts.localInfo(place.uri)
        else { return nil }
        return file(place, info, request)
    }

    private static func isKnown(_ path: [String]) -> Bool {
        path.count == 2 || (path.count == 4 && path[1] == "segments")
    }

    /// An artifact, and what it is called when it is downloaded.
    private struct Place {
        var uri: ArtifactURI
        var name: String
    }

    /// - Throws: `not_found`; `unauthorized` for a file that lies outside the places where artifacts may be.
    private func place(_ path: [String], in job: JobView) throws -> Place {
        let place = try Self.named(path, in: job)
        try artifacts.confine(place.uri, "the file")
        return place
    }

    private static func named(_ path: [String], in job: JobView) throws -> Place {
        if path.count == 4 {
            guard let segment = job.segments.first(where: { $0.segmentID == path[2] }) else {
                throw ServiceError(.notFound, "the job has no segment \(path[2])")
            }
            let found = path[3] == "still" ? segment.image : path[3] == "clip" ? segment.clip : nil
            guard let found else { throw ServiceError(.notFound, "the segment has no \(path[3]) yet") }
            return Place(uri: try ArtifactURI(found), name: "\(path[2]).\(path[3] == "still" ? "png" : "mp4")")
        }
        guard let film = job.videoURL else { throw ServiceError(.notFound, "the job has no film yet") }
        let uri = try ArtifactURI(film)
        return path[1] == "film"
            ? Place(uri: uri, name: "\(job.sessionID).mp4")
            : Place(uri: uri.replacingExtension("vtt"), name: "\(job.sessionID).vtt")
    }

    private static func chapters(_ segments: [SegmentView]) -> String {
        var text = "WEBVTT\n"
        var start = 0.0
        for segment in segments {
            let end = start + segment.duration
            text += "\n\(moment(start)) --> \(moment(end))\n\(segment.segmentID)\n"
            start = end
        }
        return text
    }

    private static func moment(_ seconds: Double) -> String {
        let all = Int(clamping: (seconds * 1000).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = "00\(all % 1000)".suffix(3)
        return "\(two(all / 3_600_000)):\(two(all / 60_000 % 60)):\(two(all / 1000 % 60)).\(rest)"
    }

    // MARK: - Files

    private func file(_ place: Place, _ info: ArtifactInfo, _ request: WebRequest) -> WebResponse {
        let (uri, name) = (place.uri, place.name)
        let size = Int64(info.size)
        let tag = "\"\(info.tag.filter { $0 != "\"" })\""
        var headers: HTTPHeaders = [
            "Content-Type": Self.type(of: uri.name), "ETag": tag, "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-cache",
        ]
        if request.query["download"] == "1" {
            let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            headers.add(name: "Content-Disposition", value: "attachment; filename=\"\(plain)\"")
        }
        if request.has(tag: tag) {
            return WebResponse(.notModified, headers)
        }
        let mayBePart = request.headers.first(name: "If-Range").map { $0 == tag } ?? true
        guard mayBePart, let told = request.headers.first(name: "Range"), let range = ByteRange(told) else {
            return WebResponse(.ok, headers, body(uri, info, 0..<size))
        }
        guard let part = range.part(of: size) else {
            headers.add(name: "Content-Range", value: "bytes */\(size)")
            return WebResponse(.rangeNotSatisfiable, headers)
        }
        headers.add(name: "Content-Range", value: "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)")
        return WebResponse(.partialContent, headers, body(uri, info, part))
    }

    /// A file of this machine goes out as it lies there; an object of S3 is brought as far as the browser wants it.
    private func body(_ uri: ArtifactURI, _ info: ArtifactInfo, _ part: Range<Int64>) -> WebResponse.Body {
        if let path = artifacts.localPath(uri, of: info) { return .file(path, part) }
        return .pieces(
            Pieces(range: part) { [artifacts] piece in
                try await artifacts.read(uri, range: Int(piece.lowerBound)..<Int(piece.upperBound), of: info)
            })
    }

    private static func type(of name: String) -> String {
        let types = [
            "mp4": "video/mp4", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
            "gif": "image/gif", "vtt": "text/vtt; charset=utf-8",
        ]
        return types[name.split(separator: ".").last.map { $0.lowercased() } ?? ""] ?? "application/octet-stream"
    }
}
