// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON

extension JournalV2 {
    /// The plan of a job.
    struct Plan: Codable {
        var segments: [Segment]
        /// The storyboard to send to the lead.
        var storyboard: JSONValue
        var imagePriceMicros: Int64
        var clipPriceMicros: Int64
        var stitchPriceMicros: Int64?
        var stitchBackend: String?
        var warnings: [String]

        private enum CodingKeys: String, CodingKey {
            case segments, storyboard, warnings
            case imagePriceMicros = "image_price_micros"
            case clipPriceMicros = "clip_price_micros"
            case stitchPriceMicros = "stitch_price_micros"
            case stitchBackend = "stitch_backend"
        }

        init(_ plan: JobPlan) {
            segments = plan.segments.map(Segment.init)
            storyboard = plan.storyboard
            imagePriceMicros = plan.imagePrice.micros
            clipPriceMicros = plan.clipPrice.micros
            stitchPriceMicros = plan.stitchPrice?.micros
            stitchBackend = plan.stitchBackend?.rawValue
            warnings = plan.warnings
        }

        var value: JobPlan {
            JobPlan(
                segments: segments.map(\.value), storyboard: storyboard, imagePrice: USD(micros: imagePriceMicros),
                clipPrice: USD(micros: clipPriceMicros), stitchPrice: stitchPriceMicros.map { USD(micros: $0) },
                stitchBackend: stitchBackend.flatMap(StitchBackend.init), warnings: warnings)
        }
    }

    /// One segment on the time line.
    struct Segment: Codable {
        var id: String
        /// Seconds.
        var duration: Double
        /// The number of frames on the cumulative time line.
        var frames: Int
        var guidance: String
        var narration: String?
        /// The artifact URI of the narration.
        var audio: String?
        /// Seconds.
        var audioStart: Double?
        var tempo: Double?

        private enum CodingKeys: String, CodingKey {
            case id, frames, guidance, narration, audio, tempo
            case duration = "duration_s"
            case audioStart = "audio_start_s"
        }

        init(_ segment: PlannedSegment) {
            id = segment.id
            duration = segment.duration
            frames = segment.frames
            guidance = segment.guidance
            narration = segment.narration
            audio = segment.audio
            audioStart = segment.audioStart
            tempo = segment.tempo
        }

        var value: PlannedSegment {
            PlannedSegment(
                id: id, duration: duration, frames: frames, guidance: guidance, narration: narration, audio: audio,
                audioStart: audioStart, tempo: tempo)
        }
    }
}
