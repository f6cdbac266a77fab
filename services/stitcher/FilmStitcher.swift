import Artifacts
import Contracts
import JSONRPC
import Media
import MediaService

/// Answers `stitcher.stitch` on this machine.
struct FilmStitcher: Sendable {
    static let maximumClips = 1000

    let media: MediaWork

    func stitch(_ request: Stitch, _ call: Call) async throws -> Stitched {
        try check(request)
        let format = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
        let output = try ArtifactURI(request.output, at: "/output")
        var warnings: [String] = []
        let parts = try await parts(request.clips, rate: format.rate, &warnings)
        let fade = request.mode == .fade ? format.rate.frames(request.fade ?? 0.5) : 0
        let (report, _) = try await media.make(output) { path, cancelled in
            try Film.stitch(
                parts: parts, output: path, format: format, fadeFrames: fade, cancelled: cancelled,
                progress: { call.progress($0, "stitching \(output.name)") })
        }
        var start = 0
        let chapters = parts.map { part in
            defer { start += part.frames }
            return Chapter(
                title: part.title, start: format.rate.seconds(start), end: format.rate.seconds(start + part.frames))
        }
        warnings += report.warnings
        return Stitched(
            video: output.description, duration: report.duration, backend: .local, copiedFrames: report.copiedFrames,
            encodedFrames: report.encodedFrames, chapters: chapters, cost: .zero,
            warnings: warnings.isEmpty ? nil : warnings)
    }

    private func check(_ request: Stitch) throws(ServiceError) {
        guard (1...Self.maximumClips).contains(request.clips.count) else {
            throw .invalidParams(
                at: "/clips", expected: "1 to \(Self.maximumClips) clips, found \(request.clips.count)")
        }
        if let fade = request.fade, !fade.isFinite || !(0...10).contains(fade) {
            throw .invalidParams(at: "/fade_s", expected: "seconds from 0 to 10, found \(fade)")
        }
        if request.backend == .mediaconvert {
            throw MediaConvert.unavailable
        }
        if let captions = request.captions, captions != .none {
            throw .invalidParams(at: "/captions", expected: "none; captions are not in this version")
        }
        if request.loudness != nil {
            throw .invalidParams(at: "/loudness_lufs", expected: "nothing; loudness is not in this version")
        }
    }

    /// Clips on the cumulative time line: each boundary is a frame of the whole, so that rounding never adds up.
    private func parts(
        _ clips: [StitchClip], rate: FrameRate, _ warnings: inout [String]
    ) async throws(ServiceError) -> [FilmPart] {
        var parts: [FilmPart] = []
        var seconds = 0.0
        var start = 0
        for (index, clip) in clips.enumerated() {
            guard clip.duration.isFinite, (0.1...3600).contains(clip.duration) else {
                throw .invalidParams(
                    at: "/clips/\(index)/duration", expected: "seconds from 0.1 to 3600, found \(clip.duration)")
            }
            seconds += clip.duration
            let end = rate.frames(seconds)
            let skipped = clip.audioStart ?? 0
            guard skipped.isFinite, (0...21_600).contains(skipped) else {
                throw .invalidParams(
                    at: "/clips/\(index)/audio_start_s", expected: "seconds from 0 to 21600, found \(skipped)")
            }
            let path = try await media.input(clip.clip, at: "/clips/\(index)/clip")
            var audio: String?
            if let uri = clip.audio {
                do {
                    audio = try await media.input(uri, at: "/clips/\(index)/audio")
                } catch  where error.kind == .notFound {
                    warnings.append("\(clip.segmentID): \(error.message); this part of the film is silent")
                }
            }
            parts.append(
                FilmPart(clip: path, frames: end - start, audio: audio, audioStart: skipped, title: clip.segmentID))
            start = end
        }
        return parts
    }
}
