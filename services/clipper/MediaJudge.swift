import Artifacts
import Blocking
import Contracts
import Faults
import JSONRPC
import Media
import MediaService
import ServiceKit

/// Answers `clipper.probe`.
struct MediaJudge: Sendable {
    let media: MediaWork

    func probe(_ request: ProbeMedia, _ call: Call) async throws -> ProbedMedia {
        let path = try await media.input(request.media, at: "/media")
        if request.sound == true { return try await sound(path, request) }
        guard request.report == true else {
            let report = try await media.blocking.run { cancelled in
                try MediaProbe.probe(
                    path, decode: request.decode ?? true, cancelled: cancelled,
                    progress: { call.progress($0, "decoding") })
            }
            return ProbedMedia(report)
        }
        let narrations = try await narrations(request.narrations ?? [])
        let isThorough = request.thorough == true
        let (report, findings) = try await media.blocking.run { cancelled in
            try DeliveryCheck.run(
                path, narrations: narrations, isThorough: isThorough, cancelled: cancelled,
                progress: { call.progress($0, "measuring") })
        }
        var probed = ProbedMedia(report)
        probed.report = DeliveryReport(
            isPassed: findings.allSatisfy(\.isPassed),
            points: findings.map { finding in
                DeliveryPoint(
                    name: finding.name, measured: finding.measured, value: finding.value, target: finding.target,
                    isPassed: finding.isPassed,
                    stretches: finding.stretches?.map { ReportedStretch(start: $0.start, end: $0.end) })
            })
        return probed
    }

    /// A probe of the headers, and how long the sound is.
    private func sound(_ path: String, _ request: ProbeMedia) async throws -> ProbedMedia {
        let (report, seconds) = try await media.blocking.run { cancelled in
            (
                try MediaProbe.probe(path, decode: request.decode ?? false, cancelled: cancelled),
                try NarrationLength.seconds(path, cancelled: cancelled)
            )
        }
        var probed = ProbedMedia(report)
        probed.soundDuration = (seconds * 1_000_000).rounded() / 1_000_000
        return probed
    }

    private func narrations(_ asked: [ProbeNarration]) async throws(ServiceError) -> [ExpectedNarration] {
        var narrations: [ExpectedNarration] = []
        for (index, narration) in asked.enumerated() {
            // Where one is missing, the film was made without it, and said so.
            var path: String?
            if let uri = narration.audio {
                path = try await media.inputIfPresent(uri, at: "/narrations/\(index)/audio")
            }
            narrations.append(
                ExpectedNarration(
                    segmentID: narration.segmentID, duration: narration.duration, audio: path,
                    audioStart: narration.audioStart ?? 0, tempo: narration.tempo ?? 1))
        }
        return narrations
    }
}
