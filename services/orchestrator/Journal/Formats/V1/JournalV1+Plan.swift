// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON

extension JournalV1 {
    /// The plan of a job.
    struct Plan: Decodable {
        let value: JobPlan

        private enum Field: String, CodingKey {
            case segments, storyboard, imagePrice, clipPrice, stitchPrice, warnings
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            value = JobPlan(
                segments: try fields.decode([Segment].self, forKey: .segments).map(\.value),
                storyboard: try fields.decode(JSONValue.self, forKey: .storyboard),
                imagePrice: try fields.dollars(.imagePrice), clipPrice: try fields.dollars(.clipPrice),
                stitchPrice: try fields.dollarsIfPresent(.stitchPrice),
                warnings: try fields.decode([String].self, forKey: .warnings))
        }
    }

    /// One segment on the time line.
    struct Segment: Decodable {
        var id: String
        var duration: Double
        var frames: Int
        var guidance: String
        var narration: String?
        var audio: String?
        var audioStart: Double?
        var tempo: Double?

        private enum CodingKeys: String, CodingKey {
            case id, duration, frames, guidance, narration, audio, audioStart, tempo
        }

        var value: PlannedSegment {
            PlannedSegment(
                id: id, duration: duration, frames: frames, guidance: guidance, narration: narration, audio: audio,
                audioStart: audioStart, tempo: tempo)
        }
    }
}
