// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Blocking
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Media
import MediaService
import ServiceKit
import Timebase

/// Implements `stitcher.stitch` on this machine.
struct LocalStitcher: Sendable {
    let media: MediaWork
    /// The price of one film.
    let price: USD

    /// The maximum length of a chapter's title in characters.
    private static let maximumTitle = 200

    /// Stitches a film and writes its sidecar captions. A missing narration or missing music is a warning, not an error.
    func stitch(_ request: StitchFilm, _ call: Call) async throws -> StitchedFilm {
        let format = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
        let output = try media.target(request.output, at: "/output")
        var warnings: [String] = []
        let parts = try await call.reportingProgress(0, "fetching the clips of \(output.name)") {
            try await self.parts(request.clips, rate: format.rate, &warnings)
        }
        var recipe = FilmRecipe(parts: parts, format: format)
        recipe.fadeFrames = request.mode == .fade ? format.rate.frames(request.fade ?? FilmDefaults.fade) : 0
        recipe.openingFrames = format.rate.frames(request.fadeIn ?? 0)
        recipe.closingFrames = format.rate.frames(request.fadeOut ?? 0)
        recipe.fit = request.fit == .crop ? .crop : .letterBox
        recipe.loudness = request.loudness
        recipe.reencodes = request.reencode ?? false
        recipe.music = try await music(request, &warnings)
        let cues = try await captions(request, recipe.parts, rate: format.rate, call)
        if request.captions == .soft { recipe.captions = cues }
        let finalRecipe = recipe
        let (report, _) = try await media.make(output, reporting: call) { path, isCancelled in
            try Film.stitch(
                finalRecipe, output: path, cancelled: isCancelled,
                progress: { call.progress($0, "stitching \(output.name)") })
        }
        var result = StitchedFilm(
            video: output.description, duration: report.duration, backend: .local, copiedFrames: report.copiedFrames,
            encodedFrames: report.encodedFrames, chapters: Self.chapters(finalRecipe.parts, format.rate), cost: price)
        result.captions = try await writeCaptions(cues, request.captions ?? .none, beside: output)
        result.clips = zip(request.clips, report.parts).map { clip, part in
            StitchedClip(
                segmentID: clip.segmentID, copiedFrames: part.copiedFrames, encodedFrames: part.encodedFrames,
                reason: part.reason)
        }
        result.loudness = report.loudness.map { loudness in
            MeasuredLoudness(
                integrated: loudness.integrated.map(Self.roundedToTenth),
                truePeak: loudness.truePeak.map(Self.roundedToTenth))
        }
        warnings += report.warnings
        result.warnings = warnings.isEmpty ? nil : warnings
        return result
    }

    /// The chapters of a film, one for each part.
    static func chapters(_ parts: [FilmPart], _ rate: FrameRate) -> [Chapter] {
        var start = 0
        return parts.map { part in
            defer { start += part.frames }
            return Chapter(title: part.title, start: rate.seconds(start), end: rate.seconds(start + part.frames))
        }
    }

    private static func roundedToTenth(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    private func music(_ request: StitchFilm, _ warnings: inout [String]) async throws -> FilmRecipe.Music? {
        guard let uri = request.music else { return nil }
        guard let path = try await media.inputIfPresent(uri, at: "/music") else {
            warnings.append("\(uri): no such file; the film has no music")
            return nil
        }
        return FilmRecipe.Music(path: path, level: request.musicLevel ?? FilmDefaults.musicLevel)
    }

    /// Makes the caption cues of the whole film, timed by the speech of each segment's narration.
    ///
    /// - Returns: no cues unless the request asks for `sidecar` or `soft` captions.
    func captions(
        _ request: StitchFilm, _ parts: [FilmPart], rate: FrameRate, _ call: Call
    ) async throws -> [CaptionCue] {
        guard request.captions == .sidecar || request.captions == .soft else { return [] }
        let texts = request.clips.map(\.text)
        return try await media.blocking.run { isCancelled in
            var cues: [CaptionCue] = []
            var start = 0
            for (text, part) in zip(texts, parts) {
                defer { start += part.frames }
                guard let text else { continue }
                call.progress(0, "timing the captions of \(part.name)")
                let offset = rate.seconds(start)
                cues += try Captioning.cues(
                    text: text, audio: part.audio, audioStart: part.audioStart, tempo: part.tempo,
                    duration: rate.seconds(part.frames), cancelled: isCancelled
                ).map { CaptionCue(start: $0.start + offset, end: $0.end + offset, lines: $0.lines) }
            }
            return cues
        }
    }

    /// Writes the sidecar files `.srt` and `.vtt` beside a film.
    ///
    /// - Returns: their URIs; `nil` unless `captions` is `sidecar` or `soft`.
    func writeCaptions(
        _ cues: [CaptionCue], _ captions: Captions, beside film: ArtifactURI
    ) async throws -> [String]? {
        guard captions == .sidecar || captions == .soft else { return nil }
        var written: [String] = []
        for (ending, text) in [("srt", CaptionFile.srt(cues)), ("vtt", CaptionFile.vtt(cues))] {
            let file = film.replacingExtension(ending)
            try await media.artifacts.write(Data(text.utf8), to: file)
            written.append(file.description)
        }
        return written
    }

    /// Resolves the clips and places them on the cumulative time line, so that rounding errors do not add up.
    ///
    /// - Parameter warnings: receives a line for each narration that does not exist; its part is silent.
    /// - Throws: `not_found` for a missing clip; `invalid_params`; `unauthorized`.
    func parts(
        _ clips: [StitchClip], rate: FrameRate, _ warnings: inout [String]
    ) async throws(ServiceError) -> [FilmPart] {
        var parts: [FilmPart] = []
        var timeline = Timeline(rate: rate)
        for (index, clip) in clips.enumerated() {
            let frames = timeline.append(seconds: clip.duration)
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
                FilmPart(
                    clip: path, frames: frames.count, audio: audio, audioStart: clip.audioStart ?? 0,
                    tempo: audio == nil ? 1 : clip.tempo ?? 1,
                    title: clip.title.map { String($0.prefix(Self.maximumTitle)) }
                        ?? ChapterTitle.text(narration: clip.text, id: clip.segmentID), name: clip.segmentID))
        }
        return parts
    }
}
