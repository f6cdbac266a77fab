import Artifacts
import Contracts
import JSONRPC
import Media
import MediaService
import ServiceKit

/// Answers `clipper`'s methods.
struct ClipMaker: Sendable {
    let media: MediaWork
    /// What a clip is said to cost.
    let price: USD

    func create(_ request: CreateClip, _ call: Call) async throws -> CreatedClip {
        guard request.duration.isFinite, (0.1...3600).contains(request.duration) else {
            throw ServiceError.invalidParams(
                at: "/duration", expected: "seconds from 0.1 to 3600, found \(request.duration)")
        }
        if request.motion == .kenBurns {
            throw ServiceError.invalidParams(at: "/motion", expected: "still; ken_burns is not in this version")
        }
        if let captions = request.captions, captions != .none {
            throw ServiceError.invalidParams(at: "/captions", expected: "none; captions are not in this version")
        }
        let format = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
        let frames = max(format.rate.frames(request.duration), 1)
        let keys = try boundaries(request.boundary, frames: frames, rate: format.rate)
        let started = ContinuousClock.now
        let image = try await media.input(request.image, at: "/image")
        let output = try ArtifactURI(request.output, at: "/output")
        let (report, bytes) = try await media.make(output) { path, cancelled in
            try StillClip.make(
                image: image, frames: frames, output: path, format: format, keyFramesAt: keys, cancelled: cancelled,
                progress: { call.progress($0, "making \(output.name)") })
        }
        return CreatedClip(
            clip: output.description, duration: report.duration, frames: report.frames, width: format.width,
            height: format.height, fps: format.rate.framesPerSecond, bytes: bytes, cost: price,
            encodeTime: Double(started.duration(to: .now).milliseconds) / 1000)
    }

    func replaceAudio(_ request: ReplaceAudio, _ call: Call) async throws -> ReplacedAudio {
        if let duration = request.duration, !duration.isFinite || !(0.1...3600).contains(duration) {
            throw ServiceError.invalidParams(at: "/duration", expected: "seconds from 0.1 to 3600, found \(duration)")
        }
        let skipped = request.audioStart ?? 0
        guard skipped.isFinite, (0...21_600).contains(skipped) else {
            throw ServiceError.invalidParams(
                at: "/audio_start_s", expected: "seconds from 0 to 21600, found \(skipped)")
        }
        let clip = try await media.input(request.clip, at: "/clip")
        let audio = try await media.input(request.audio, at: "/audio")
        let output = try ArtifactURI(request.output, at: "/output")
        let (report, _) = try await media.make(output) { path, cancelled in
            try AudioReplacement.run(
                clip: clip, audio: audio, output: path, duration: request.duration, audioStart: skipped,
                cancelled: cancelled,
                progress: { call.progress($0, "narrating \(output.name)") })
        }
        return ReplacedAudio(
            clip: output.description, audioDuration: rounded(report.audioDuration), padded: rounded(report.padded),
            trimmed: rounded(report.trimmed))
    }

    func probe(_ request: ProbeMedia, _ call: Call) async throws -> ProbedMedia {
        let path = try await media.input(request.media, at: "/media")
        let report = try await media.blocking.run { cancelled in
            try MediaProbe.probe(
                path, decode: request.decode ?? true, cancelled: cancelled,
                progress: { call.progress($0, "decoding") })
        }
        return ProbedMedia(report)
    }

    /// The frames at which a cross-fade over each end starts and ends.
    private func boundaries(_ seconds: Double?, frames: Int, rate: FrameRate) throws(ServiceError) -> [Int] {
        guard let seconds else { return [] }
        guard seconds.isFinite, (0...60).contains(seconds) else {
            throw .invalidParams(at: "/boundary_s", expected: "seconds from 0 to 60, found \(seconds)")
        }
        let length = rate.frames(seconds)
        guard length >= 2 else { return [] }
        return [length - length / 2, frames - length / 2]
    }

    private func rounded(_ seconds: Double) -> Double { (seconds * 1_000_000).rounded() / 1_000_000 }
}
