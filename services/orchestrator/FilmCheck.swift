import Contracts
import JSONRPC
import ServicePool

/// Whether a film is what was promised: it decodes, lasts as long, shows something, and is heard.
struct FilmCheck: Sendable {
    let pools: ServicePools

    /// Decodes a video and compares its length with what was promised: within one frame, or 2 %.
    ///
    /// - Parameters:
    ///   - seconds: the length that was promised.
    ///   - fps: frames per second; 30 if absent.
    ///   - whose: as the error calls the video.
    ///   - narrations: what its sound is compared with; with them, the video is measured point by point.
    /// - Throws: `corrupt_media` that says what falls short.
    func check(
        _ video: String, seconds: Double, fps: Double?, whose: String, narrations: [ProbeNarration]? = nil
    ) async throws -> ProbedMedia {
        let probe: ProbedMedia
        do {
            probe = try await pools["clipper"].call(
                ClipperAPI.probe,
                ProbeMedia(media: video, decode: true, report: narrations != nil, narrations: narrations))
        } catch let error as ServiceError where error.kind == .corruptMedia || error.kind == .notFound {
            throw ServiceError(.corruptMedia, "\(whose): \(error.message)")
        }
        guard let stream = probe.streams.first(where: { $0.type == "video" }) else {
            throw ServiceError(.corruptMedia, "\(whose) holds no video")
        }
        if probe.decodedOK != true {
            throw ServiceError(
                .corruptMedia, "\(whose) does not decode: \(probe.problems.first ?? "unknown fault")",
                detail: probe.problems.joined(separator: "\n"))
        }
        let found = stream.duration ?? probe.duration
        let tolerance = max(1 / (fps ?? JobDefaults.fps), seconds * 0.02) + 0.001
        guard abs(found - seconds) <= tolerance else {
            let seen = (found * 1000).rounded() / 1000
            throw ServiceError(.corruptMedia, "\(whose) lasts \(seen) s, promised were \(seconds) s")
        }
        return probe
    }

    /// What makes a film that decodes useless all the same; `nil` for a good one.
    ///
    /// Stills are a film too: one picture throughout is a fault only where there should be several.
    static func fault(of probe: ProbedMedia, _ plan: JobPlan) -> String? {
        let points = probe.report?.points ?? []
        func measured(_ name: String) -> Double? { points.first { $0.name == name }?.value }
        let seconds = probe.streams.first { $0.type == "video" }?.duration ?? probe.duration
        // Two frames less than the whole is still the whole.
        let throughout = seconds - 2 / JobDefaults.fps
        if let black = measured("black"), black > 0, black >= throughout { return "is black throughout" }
        if plan.segments.count > 1, let frozen = measured("frozen"), frozen > 0, frozen >= throughout {
            return "shows one and the same picture throughout, its storyboard has \(plan.segments.count) segments"
        }
        guard plan.segments.contains(where: { $0.audio != nil }) else { return nil }
        if !probe.streams.contains(where: { $0.type == "audio" }) {
            return "has no sound although there are narrations"
        }
        let loudness = points.first { $0.name == "loudness" }
        if let loudness, loudness.value == nil { return "is silent although there are narrations" }
        return nil
    }
}
