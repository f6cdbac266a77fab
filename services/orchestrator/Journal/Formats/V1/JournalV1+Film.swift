// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSONRPC

extension JournalV1 {
    /// The film made by the stitcher.
    struct Film: Decodable {
        let value: StitchedFilm

        private enum Field: String, CodingKey {
            case video, duration, backend, chapters, captions, warnings, clips, loudness
            case jobID = "job_id"
            case copiedFrames = "copied_frames"
            case encodedFrames = "encoded_frames"
            case cost = "cost_usd"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            var film = StitchedFilm(
                video: try fields.decode(String.self, forKey: .video),
                duration: try fields.decode(Double.self, forKey: .duration),
                backend: try fields.named(.backend, StoredNames.backends),
                jobID: try fields.decodeIfPresent(String.self, forKey: .jobID),
                copiedFrames: try fields.decode(Int.self, forKey: .copiedFrames),
                encodedFrames: try fields.decode(Int.self, forKey: .encodedFrames),
                chapters: try fields.decode([Stretch].self, forKey: .chapters).map(\.value),
                captions: try fields.decodeIfPresent([String].self, forKey: .captions), cost: try fields.dollars(.cost),
                warnings: try fields.decodeIfPresent([String].self, forKey: .warnings))
            film.clips = try fields.decodeIfPresent([JoinedClip].self, forKey: .clips)?.map(\.value)
            film.loudness = try fields.decodeIfPresent(Loudness.self, forKey: .loudness)?.value
            value = film
        }
    }

    /// A chapter.
    struct Stretch: Decodable {
        var title: String
        var start: Double
        var end: Double

        private enum CodingKeys: String, CodingKey {
            case title, start, end
        }

        var value: Chapter { Chapter(title: title, start: start, end: end) }
    }

    /// How a clip was added to the film.
    struct JoinedClip: Decodable {
        var segmentID: String
        var copiedFrames: Int
        var encodedFrames: Int
        var reason: String?

        private enum CodingKeys: String, CodingKey {
            case reason
            case segmentID = "segment_id"
            case copiedFrames = "copied_frames"
            case encodedFrames = "encoded_frames"
        }

        var value: StitchedClip {
            StitchedClip(
                segmentID: segmentID, copiedFrames: copiedFrames, encodedFrames: encodedFrames, reason: reason)
        }
    }

    /// The loudness of the film.
    struct Loudness: Decodable {
        var integrated: Double?
        var truePeak: Double?

        private enum CodingKeys: String, CodingKey {
            case integrated = "integrated_lufs"
            case truePeak = "true_peak_dbtp"
        }

        var value: MeasuredLoudness { MeasuredLoudness(integrated: integrated, truePeak: truePeak) }
    }
}
