// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension JournalV2 {
    /// A still.
    struct Still: Codable {
        /// An artifact URI.
        var image: String
        var width: Int
        var height: Int
        var mediaType: String
        var provider: String
        var model: String
        var costMicros: Int64
        var attempts: Int
        var isCached: Bool
        var savedMicros: Int64?
        var wastedMicros: Int64?
        var unknownMicros: Int64?
        var warnings: [String]?

        private enum CodingKeys: String, CodingKey {
            case image, width, height, provider, model, attempts, warnings
            case mediaType = "media_type"
            case costMicros = "cost_micros"
            case isCached = "cached"
            case savedMicros = "saved_micros"
            case wastedMicros = "wasted_micros"
            case unknownMicros = "unknown_micros"
        }

        init(_ still: GeneratedImage) {
            image = still.image
            width = still.width
            height = still.height
            mediaType = still.mediaType
            provider = still.provider
            model = still.model
            costMicros = still.cost.micros
            attempts = still.attempts
            isCached = still.isCached
            savedMicros = still.saved?.micros
            wastedMicros = still.wasted?.micros
            unknownMicros = still.unknown?.micros
            warnings = still.warnings
        }

        var value: GeneratedImage {
            var still = GeneratedImage(
                image: image, width: width, height: height, mediaType: mediaType, provider: provider, model: model,
                cost: USD(micros: costMicros), attempts: attempts, isCached: isCached,
                saved: savedMicros.map { USD(micros: $0) }, warnings: warnings)
            still.wasted = wastedMicros.map { USD(micros: $0) }
            still.unknown = unknownMicros.map { USD(micros: $0) }
            return still
        }
    }

    /// A clip of the understudy.
    struct Clip: Codable {
        /// An artifact URI.
        var clip: String
        /// Seconds.
        var duration: Double
        var frames: Int
        var width: Int
        var height: Int
        /// Frames per second.
        var fps: Double
        var bytes: Int
        var costMicros: Int64
        /// Seconds.
        var encodeTime: Double
        var stages: Stages?
        var warnings: [String]?

        /// The times of the stages in seconds.
        struct Stages: Codable {
            var picture: Double
            var coding: Double
            var writing: Double

            private enum CodingKeys: String, CodingKey {
                case picture = "picture_s"
                case coding = "coding_s"
                case writing = "writing_s"
            }
        }

        private enum CodingKeys: String, CodingKey {
            case clip, frames, width, height, fps, bytes, stages, warnings
            case duration = "duration_s"
            case costMicros = "cost_micros"
            case encodeTime = "encode_s"
        }

        init(_ clip: CreatedClip) {
            self.clip = clip.clip
            duration = clip.duration
            frames = clip.frames
            width = clip.width
            height = clip.height
            fps = clip.fps
            bytes = clip.bytes
            costMicros = clip.cost.micros
            encodeTime = clip.encodeTime
            stages = clip.stages.map { Stages(picture: $0.picture, coding: $0.coding, writing: $0.writing) }
            warnings = clip.warnings
        }

        var value: CreatedClip {
            var clip = CreatedClip(
                clip: clip, duration: duration, frames: frames, width: width, height: height, fps: fps, bytes: bytes,
                cost: USD(micros: costMicros), encodeTime: encodeTime,
                stages: stages.map { ClipStageTimes(picture: $0.picture, coding: $0.coding, writing: $0.writing) })
            clip.warnings = warnings
            return clip
        }
    }
}
