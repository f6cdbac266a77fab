// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import ServicePool

/// Checks that a film decodes and has the expected duration.
struct FilmCheck: Sendable {
    let pools: ServicePools

    /// Decodes a video and compares the duration of its frames with the expected one.
    ///
    /// - Parameters:
    ///   - video: an artifact URI.
    ///   - seconds: the expected duration.
    ///   - fps: frames per second; 30 if absent.
    ///   - subject: the name of the video in error messages, e.g. `Agent5's film`.
    ///   - narrations: the expected sound; if present, the result contains a measurement report.
    ///   - thorough: whether to make the additional measurements for films from other makers.
    /// - Throws: `corrupt_media` with the first deviation.
    func check(
        _ video: String, seconds: Double, fps: Double?, subject: String, narrations: [ProbeNarration]? = nil,
        thorough: Bool = false
    ) async throws -> ProbedMedia {
        let probe: ProbedMedia
        do {
            probe = try await pools.call(
                ClipperAPI.probe,
                ProbeMedia(
                    media: video, decode: true, report: narrations != nil, narrations: narrations,
                    thorough: thorough ? true : nil))
        } catch let error as ServiceError
            where error.cause == .replicaBroken
            && narrations?.contains(where: { $0.audio != nil }) == true
        {
            // A narration may have crashed the replicas. The film is valid if it can be read without the narrations.
            let withoutAudio = narrations?.map { narration in
                var narration = narration
                narration.audio = nil
                return narration
            }
            return try await check(
                video, seconds: seconds, fps: fps, subject: subject, narrations: withoutAudio, thorough: thorough)
        } catch let error as ServiceError where error.kind == .corruptMedia || error.kind == .notFound {
            throw ServiceError(.corruptMedia, "\(subject): \(error.message)")
        }
        guard probe.picture != nil else { throw ServiceError(.corruptMedia, "\(subject) contains no video") }
        if probe.decodedOK != true {
            throw ServiceError(
                .corruptMedia, "\(subject) does not decode: \(probe.problems.first ?? "unknown error")",
                detail: probe.problems.joined(separator: "\n"))
        }
        guard abs(probe.seconds - seconds) <= Self.tolerance(fps: fps) else {
            let found = (probe.seconds * 1000).rounded() / 1000
            throw ServiceError(.corruptMedia, "\(subject) lasts \(found) s, expected \(seconds) s")
        }
        return probe
    }

    /// The permitted deviation of a film's duration in seconds: one frame or half a second, whichever is longer, plus rounding.
    static func tolerance(fps: Double?) -> Double { max(1 / (fps ?? JobDefaults.fps), 0.5) + 0.001 }
}

extension ProbedMedia {
    /// The video stream that a player presents.
    var picture: ProbedStream? { presented("video") }
    /// The audio stream that a player presents.
    var sound: ProbedStream? { presented("audio") }

    /// The measured duration of the video in seconds, including the delay before its first frame.
    var seconds: Double { (picture?.presented).map { $0 + pictureDelay } ?? picture?.duration ?? duration }

    /// The duration of audio before the first frame in seconds. Up to 0.1 s is ignored as encoder priming, as in `clipper` and `stitcher`.
    var pictureDelay: Double {
        guard let video = picture?.start, let audio = sound?.start, video - audio > 0.1 else { return 0 }
        return video - audio
    }

    /// Whether the audio is measured as silent, or missing.
    var isSilent: Bool {
        if sound == nil { return true }
        let loudness = report?.points.first { $0.name == "loudness" }
        // Loudness is not defined for less than 0.4 s.
        return seconds >= 0.5 && loudness != nil && loudness?.value == nil
    }

    private func presented(_ type: String) -> ProbedStream? {
        streams.first { $0.type == type && $0.isPresented == true } ?? streams.first { $0.type == type }
    }
}
