// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import NIOHTTP1
import Untrusted

/// Films, captions, stills and clips of jobs, by byte ranges. Their URIs come from the orchestrator alone.
struct MediaRoutes: Sendable {
    /// A file of a segment, by the last component of its path.
    enum SegmentFile: String, PathParameter {
        case still, clip

        fileprivate var pathExtension: String { self == .still ? "png" : "mp4" }
    }

    let cache: JobCache
    let artifacts: Artifacts

    /// `GET /api/jobs/{job}/film`
    func film(_ request: WebRequest, job: String) async throws -> WebResponse {
        try await response(to: request, with: try Self.film(of: try await cache.job(job)))
    }

    /// A film of a recently requested job, if it is a local file: the next range of a player.
    func immediateFilm(_ request: WebRequest, job: String) -> WebResponse? {
        immediateResponse(to: request, with: cache.recent(job).flatMap { try? Self.film(of: $0) })
    }

    /// `GET /api/jobs/{job}/captions.vtt`: 204 for a film without captions.
    func captions(_ request: WebRequest, job: String) async throws -> WebResponse {
        let job = try await cache.job(job)
        let download = Download(
            uri: try Self.film(of: job).uri.replacingExtension("vtt"), name: "\(job.sessionID).vtt")
        try artifacts.confine(download.uri, "the file")
        guard let info = try await artifacts.info(download.uri) else { return WebResponse(.noContent) }
        return response(to: request, with: download, info)
    }

    /// `GET /api/jobs/{job}/chapters.vtt`: a chapter for each segment.
    func chapters(_ request: WebRequest, job: String) async throws -> WebResponse {
        .text(Self.chapters(try await cache.job(job).segments), type: "text/vtt")
    }

    /// `GET /api/jobs/{job}/segments/{segment}/{file}`
    func segmentFile(
        _ request: WebRequest, job: String, segment: String, file: SegmentFile
    ) async throws -> WebResponse {
        try await response(to: request, with: try Self.file(file, of: segment, in: try await cache.job(job)))
    }

    /// A file of a recently requested job, if it is a local file.
    func immediateSegmentFile(
        _ request: WebRequest, job: String, segment: String, file: SegmentFile
    ) -> WebResponse? {
        immediateResponse(
            to: request, with: cache.recent(job).flatMap { try? Self.file(file, of: segment, in: $0) })
    }

    // MARK: - Artifacts

    /// An artifact, and the name of the downloaded file.
    private struct Download {
        var uri: ArtifactURI
        var name: String
    }

    private static func film(of job: JobView) throws -> Download {
        guard let film = job.videoURL else { throw ServiceError(.notFound, "the job has no film yet") }
        return Download(uri: try ArtifactURI(film), name: "\(job.sessionID).mp4")
    }

    private static func file(_ file: SegmentFile, of segment: String, in job: JobView) throws -> Download {
        guard let view = job.segments.first(where: { $0.segmentID == segment }) else {
            throw ServiceError(.notFound, "the job has no segment \(segment)")
        }
        guard let uri = file == .still ? view.image : view.clip else {
            throw ServiceError(.notFound, "the segment has no \(file.rawValue) yet")
        }
        return Download(uri: try ArtifactURI(uri), name: "\(segment).\(file.pathExtension)")
    }

    /// - Throws: `not_found`; `unauthorized` for a file outside the store and the allowed paths.
    private func response(to request: WebRequest, with download: Download) async throws -> WebResponse {
        try artifacts.confine(download.uri, "the file")
        guard let info = try await artifacts.info(download.uri) else {
            throw ServiceError(.notFound, "\(download.uri.name) no longer exists")
        }
        return response(to: request, with: download, info)
    }

    private func immediateResponse(to request: WebRequest, with download: Download?) -> WebResponse? {
        guard let download, (try? artifacts.confine(download.uri, "the file")) != nil,
            let info = artifacts.localInfo(download.uri)
        else { return nil }
        return response(to: request, with: download, info)
    }

    // MARK: - Ranges

    private func response(to request: WebRequest, with download: Download, _ info: ArtifactInfo) -> WebResponse {
        let uri = download.uri
        let size = Int64(info.size)
        let tag = "\"\(info.tag.filter { $0 != "\"" })\""
        var headers: HTTPHeaders = [
            "Content-Type": Self.type(of: uri.name), "ETag": tag, "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-cache",
        ]
        if request.query["download"] == "1" {
            let name = download.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            headers.add(name: "Content-Disposition", value: "attachment; filename=\"\(name)\"")
        }
        if request.has(tag: tag) {
            return WebResponse(.notModified, headers)
        }
        let isRangeValid = request.headers.first(name: "If-Range").map { $0 == tag } ?? true
        guard isRangeValid, let header = request.headers.first(name: "Range"), let range = ByteRange(header) else {
            return WebResponse(.ok, headers, body(uri, info, 0..<size))
        }
        guard let part = range.part(of: size) else {
            headers.add(name: "Content-Range", value: "bytes */\(size)")
            return WebResponse(.rangeNotSatisfiable, headers)
        }
        headers.add(name: "Content-Range", value: "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)")
        return WebResponse(.partialContent, headers, body(uri, info, part))
    }

    /// A local file is sent as it is; an object of S3 is read as far as the client takes it.
    private func body(_ uri: ArtifactURI, _ info: ArtifactInfo, _ part: Range<Int64>) -> WebResponse.Body {
        if let path = artifacts.localPath(uri, of: info) { return .file(path, part) }
        return .chunks(
            BodyChunks(range: part) { [artifacts] chunk in
                try await artifacts.read(uri, range: Int(chunk.lowerBound)..<Int(chunk.upperBound), of: info)
            })
    }

    private static func type(of name: String) -> String {
        let types = [
            "mp4": "video/mp4", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
            "gif": "image/gif", "vtt": "text/vtt; charset=utf-8",
        ]
        return types[name.split(separator: ".").last.map { $0.lowercased() } ?? ""] ?? "application/octet-stream"
    }

    // MARK: - Chapters

    /// The WebVTT file of a film's chapters.
    static func chapters(_ segments: [SegmentView]) -> String {
        var text = "WEBVTT\n"
        var start = 0.0
        for segment in segments {
            let end = start + segment.duration
            text += "\n\(webVTTTime(start)) --> \(webVTTTime(end))\n\(title(of: segment))\n"
            start = end
        }
        return text
    }

    /// A cue's text must not contain an arrow, and `&` and `<` begin markup.
    private static func title(of segment: SegmentView) -> String {
        (segment.title ?? segment.segmentID).replacing("-->", with: "->").replacing("&", with: "&amp;")
            .replacing("<", with: "&lt;")
    }

    /// `00:01:02.500`. Written here: Foundation's duration styles need a locale and do not pad hours, and the caption writer of `Media`
    /// would link this service to FFmpeg.
    private static func webVTTTime(_ seconds: Double) -> String {
        let milliseconds = Int(clamping: (seconds * 1000).rounded())
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let fraction = "00\(milliseconds % 1000)".suffix(3)
        let minutes = milliseconds / 60_000
        return "\(padded(minutes / 60)):\(padded(minutes % 60)):\(padded(milliseconds / 1000 % 60)).\(fraction)"
    }
}
