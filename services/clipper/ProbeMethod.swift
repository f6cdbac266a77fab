// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Blocking
import Contracts
import Faults
import JSONRPC
import Media
import MediaService
import ServiceKit

/// Implements `clipper.probe`.
struct ProbeMethod: Sendable {
    let media: MediaWork

    /// Inspects a media file: its headers, its decoded frames, its sound or its fitness for delivery, as requested.
    func probe(_ request: ProbeMedia, _ call: Call) async throws -> ProbedMedia {
        let path = try await media.input(request.media, at: "/media")
        if request.sound == true { return try await sound(path, request) }
        guard request.report == true else {
            let report = try await media.blocking.run { isCancelled in
                try MediaProbe.probe(
                    path, decode: request.decode ?? true, cancelled: isCancelled,
                    progress: { call.progress($0, "decoding") })
            }
            return ProbedMedia(report)
        }
        let narrations = try await narrations(request.narrations ?? [])
        let isThorough = request.thorough == true
        let (report, findings) = try await media.blocking.run { isCancelled in
            try DeliveryCheck.run(
                path, narrations: narrations, isThorough: isThorough, cancelled: isCancelled,
                progress: { call.progress($0, "measuring") })
        }
        var probed = ProbedMedia(report)
        probed.report = DeliveryReport(
            isPassed: findings.allSatisfy(\.isPassed),
            points: findings.map { finding in
                DeliveryPoint(
                    name: finding.name, measured: finding.measured, value: finding.value, target: finding.target,
                    isPassed: finding.isPassed,
                    timeRanges: finding.ranges?.map { ReportedTimeRange(start: $0.start, end: $0.end) })
            })
        return probed
    }

    /// Probes the headers and measures the duration of the sound.
    private func sound(_ path: String, _ request: ProbeMedia) async throws -> ProbedMedia {
        let (report, seconds) = try await media.blocking.run { isCancelled in
            (
                try MediaProbe.probe(path, decode: request.decode ?? false, cancelled: isCancelled),
                try NarrationDuration.seconds(path, cancelled: isCancelled)
            )
        }
        var probed = ProbedMedia(report)
        probed.soundDuration = (seconds * 1_000_000).rounded() / 1_000_000
        return probed
    }

    private func narrations(_ requested: [ProbeNarration]) async throws(ServiceError) -> [ExpectedNarration] {
        var narrations: [ExpectedNarration] = []
        for (index, narration) in requested.enumerated() {
            // A film whose narration is missing was stitched without it, with a warning.
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
