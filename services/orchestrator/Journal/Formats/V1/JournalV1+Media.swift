// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON

extension JournalV1 {
    /// A still.
    struct Image: Decodable {
        let value: GeneratedImage

        private enum Field: String, CodingKey {
            case image, width, height, provider, model, attempts, cached, warnings
            case mediaType = "media_type"
            case cost = "cost_usd"
            case saved = "saved_usd"
            case wasted = "wasted_usd"
            case unknown = "unknown_usd"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            var image = GeneratedImage(
                image: try fields.decode(String.self, forKey: .image),
                width: try fields.decode(Int.self, forKey: .width),
                height: try fields.decode(Int.self, forKey: .height),
                mediaType: try fields.decode(String.self, forKey: .mediaType),
                provider: try fields.decode(String.self, forKey: .provider),
                model: try fields.decode(String.self, forKey: .model), cost: try fields.dollars(.cost),
                attempts: try fields.decode(Int.self, forKey: .attempts),
                isCached: try fields.decode(Bool.self, forKey: .cached), saved: try fields.dollarsIfPresent(.saved),
                warnings: try fields.decodeIfPresent([String].self, forKey: .warnings))
            image.wasted = try fields.dollarsIfPresent(.wasted)
            image.unknown = try fields.dollarsIfPresent(.unknown)
            value = image
        }
    }

    /// A clip of the understudy.
    struct Clip: Decodable {
        let value: CreatedClip

        private enum Field: String, CodingKey {
            case clip, duration, frames, width, height, fps, bytes, stages, warnings
            case cost = "cost_usd"
            case encodeTime = "encode_s"
        }

        private enum Stage: String, CodingKey {
            case picture = "picture_s"
            case coding = "coding_s"
            case writing = "writing_s"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            var stages: ClipStageTimes?
            if try fields.contains(.stages) && !fields.decodeNil(forKey: .stages) {
                let seconds = try fields.nestedContainer(keyedBy: Stage.self, forKey: .stages)
                stages = ClipStageTimes(
                    picture: try seconds.decode(Double.self, forKey: .picture),
                    coding: try seconds.decode(Double.self, forKey: .coding),
                    writing: try seconds.decode(Double.self, forKey: .writing))
            }
            var clip = CreatedClip(
                clip: try fields.decode(String.self, forKey: .clip),
                duration: try fields.decode(Double.self, forKey: .duration),
                frames: try fields.decode(Int.self, forKey: .frames),
                width: try fields.decode(Int.self, forKey: .width),
                height: try fields.decode(Int.self, forKey: .height), fps: try fields.decode(Double.self, forKey: .fps),
                bytes: try fields.decode(Int.self, forKey: .bytes), cost: try fields.dollars(.cost),
                encodeTime: try fields.decode(Double.self, forKey: .encodeTime), stages: stages)
            clip.warnings = try fields.decodeIfPresent([String].self, forKey: .warnings)
            value = clip
        }
    }
}
