import Contracts
import Faults
import ServicePool

/// Whether a film is what was promised: it decodes, and lasts as long.
struct FilmCheck: Sendable {
    let pools: ServicePools

    /// Decodes a video and compares the length of its pictures with what was promised.
    ///
    /// - Parameters:
    ///   - seconds: the length that was promised.
    ///   - fps: frames per second; 30 if absent.
    ///   - whose: as the error calls the video.
    ///   - narrations: what its sound is compared with; with them, the video is measured point by point.
    ///   - thorough: measure what matters in films that were made elsewhere.
    /// - Throws: `corrupt_media` that says what falls short.
    func check(
        _ video: String, seconds: Double, fps: Double?, whose: String, narrations: [ProbeNarration]? = nil,
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
            // A narration may have broken them. The film is not to blame if it can be read alone.
            let silent = narrations?.map { narration in
                var narration = narration
                narration.audio = nil
                return narration
            }
            return try await check(
                video, seconds: seconds, fps: fps, whose: whose, narrations: silent, thorough: thorough)
        } catch let error as ServiceError where error.kind == .corruptMedia || error.kind == .notFound {
            throw ServiceError(.corruptMedia, "\(whose): \(error.message)")
        }
        guard probe.picture != nil else { throw ServiceError(.corruptMedia, "\(whose) holds no video") }
        if probe.decodedOK != true {
            throw ServiceError(
                .corruptMedia, "\(whose) does not decode: \(probe.problems.first ?? "unknown fault")",
                detail: probe.problems.joined(separator: "\n"))
        }
        guard abs(probe.seconds - seconds) <= Self.tolerance(fps: fps) else {
            let seen = (probe.seconds * 1000).rounded() / 1000
            throw ServiceError(.corruptMedia, "\(whose) lasts \(seen) s, promised were \(seconds) s")
        }
        return probe
    }

    /// Seconds by which a film may be off: a frame or half a second, whichever is longer, and what rounding takes.
    static func tolerance(fps: Double?) -> Double { max(1 / (fps ?? JobDefaults.fps), 0.5) + 0.001 }
}

extension ProbedMedia {
    /// The stream of pictures that a player presents.
    var picture: ProbedStream? { presented("video") }
    /// The stream of sound that a player presents.
    var sound: ProbedStream? { presented("audio") }

    /// Seconds of the pictures, as measured, the time included for which the first one waits for its place beside the sound.
    var seconds: Double { (picture?.presented).map { $0 + pictureDelay } ?? picture?.duration ?? duration }

    /// Seconds of sound before the first picture. A tenth of a second is the priming of an encoder, as in `clipper` and `stitcher`.
    var pictureDelay: Double {
        guard let seen = picture?.start, let heard = sound?.start, seen - heard > 0.1 else { return 0 }
        return seen - heard
    }

    /// Whether nothing is heard, as measured.
    var isSilent: Bool {
        if sound == nil { return true }
        let loudness = report?.points.first { $0.name == "loudness" }
        // Less than 0.4 s has no loudness.
        return seconds >= 0.5 && loudness != nil && loudness?.value == nil
    }

    private func presented(_ type: String) -> ProbedStream? {
        streams.first { $0.type == type && $0.isPresented == true } ?? streams.first { $0.type == type }
    }
}
