// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import JSONRPC
import Media
import MediaService
import Timebase

/// Implements `clipper.create` and `clipper.replace_audio`.
struct ClipperMethods: Sendable {
    let media: MediaWork
    /// The price of one clip.
    let price: USD

    /// Makes a silent clip of a still.
    func create(_ request: CreateClip, _ call: Call) async throws -> CreatedClip {
        let format = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
        let frames = max(format.rate.frames(request.duration), 1)
        let started = ContinuousClock.now
        let output = try media.target(request.output, at: "/output")
        let recipeWithoutCaptions = ClipRecipe(
            image: try await media.input(request.image, at: "/image"), frames: frames, format: format,
            keyFramesAt: boundaries(request.boundary, frames: frames, rate: format.rate)
                + keyFrames(request.keyFrames, rate: format.rate),
            motion: Self.motion(of: request, output: output), coding: request.coding == .full ? .full : .repeated)
        let captions = try await captions(of: request, frames: frames, format: format)
        let (report, bytes) = try await media.make(output) { path, isCancelled in
            var recipe = recipeWithoutCaptions
            recipe.overlays = try captions(isCancelled)
            return try Clip.make(
                recipe, output: path, cancelled: isCancelled,
                progress: { call.progress($0, "making \(output.name)") })
        }
        let stages = ClipStageTimes(
            picture: rounded(report.stages.picture), coding: rounded(report.stages.coding),
            writing: rounded(report.stages.writing))
        var created = CreatedClip(
            clip: output.description, duration: report.duration, frames: report.frames, width: format.width,
            height: format.height, fps: format.rate.framesPerSecond, bytes: bytes, cost: price,
            encodeTime: Double(started.duration(to: .now).milliseconds) / 1000, stages: stages)
        if !report.warnings.isEmpty { created.warnings = report.warnings }
        return created
    }

    /// Replaces a clip's sound with a narration, cut or padded with silence to the clip's length.
    func replaceAudio(_ request: ReplaceAudio, _ call: Call) async throws -> ReplacedAudio {
        let clip = try await media.input(request.clip, at: "/clip")
        let audio = try await media.input(request.audio, at: "/audio")
        let output = try media.target(request.output, at: "/output")
        let (report, _) = try await media.make(output, copying: request.clip) { path, isCancelled in
            try AudioReplacement.run(
                clip: clip, audio: audio, output: path, duration: request.duration, audioStart: request.audioStart ?? 0,
                tempo: request.tempo ?? 1, cancelled: isCancelled,
                progress: { call.progress($0, "narrating \(output.name)") })
        }
        return ReplacedAudio(
            clip: output.description, audioDuration: rounded(report.audioDuration), padded: rounded(report.padded),
            trimmed: rounded(report.trimmed))
    }

    /// The frames that must be key frames because a cross-fade over either end of the clip ends or starts there.
    private func boundaries(_ seconds: Double?, frames: Int, rate: FrameRate) -> [Int] {
        guard let seconds else { return [] }
        let length = rate.frames(seconds)
        guard length >= 2 else { return [] }
        return [length - length / 2, frames - length / 2]
    }

    private func keyFrames(_ times: [Double]?, rate: FrameRate) -> [Int] { (times ?? []).map(rate.frames) }

    private static func motion(of request: CreateClip, output: ArtifactURI) -> ClipRecipe.Motion {
        switch request.motion ?? .still {
        case .still: return .still
        case .kenBurns:
            let id = request.segmentID ?? output.name.split(separator: ".").first.map(String.init) ?? output.name
            return .automatic(segmentID: id, position: request.position ?? DefaultMotion.position(of: id))
        case .path(let path):
            let easing = path.ease.flatMap { Easing(rawValue: $0.rawValue) } ?? .easeInOut
            return .path(MotionPath(from: CropRectangle(path.from), to: CropRectangle(path.to), easing: easing))
        }
    }

    /// Returns a closure that draws the burned-in captions, to be called on the thread that encodes the clip.
    private func captions(
        of request: CreateClip, frames: Int, format: VideoFormat
    ) async throws -> @Sendable (_ isCancelled: () -> Bool) throws -> [Overlay] {
        guard request.captions == .burned, let text = request.text else { return { _ in [] } }
        // A missing narration must not fail the clip: its captions are then shown for the whole clip.
        var narration: String?
        if let uri = request.audio { narration = try await media.inputIfPresent(uri, at: "/audio") }
        let (audio, start, tempo) = (narration, request.audioStart ?? 0, request.tempo ?? 1)
        return { isCancelled in
            let cues = try Captioning.cues(
                text: text, audio: audio, audioStart: start, tempo: tempo, duration: format.rate.seconds(frames),
                cancelled: isCancelled)
            return try CaptionPainter(format: format).overlays(cues, frames: frames)
        }
    }

    private func rounded(_ seconds: Double) -> Double { (seconds * 1_000_000).rounded() / 1_000_000 }
}

extension CropRectangle {
    fileprivate init(_ rectangle: PictureRectangle) {
        self.init(x: rectangle.x, y: rectangle.y, width: rectangle.width, height: rectangle.height)
    }
}
