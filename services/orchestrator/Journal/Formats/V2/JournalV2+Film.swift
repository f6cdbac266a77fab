// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSONRPC

extension JournalV2 {
    /// The film made by the stitcher.
    struct Film: Codable {
        /// An artifact URI.
        var video: String
        /// Seconds.
        var duration: Double
        /// A name in `StoredNames.backends`.
        var backend: String
        /// The id of the MediaConvert job.
        var cloudJob: String?
        var copiedFrames: Int
        var encodedFrames: Int
        var chapters: [Chapter]
        var captions: [String]?
        var costMicros: Int64
        var warnings: [String]?
        var clips: [JoinedClip]?
        var loudness: Loudness?

        private enum CodingKeys: String, CodingKey {
            case video, backend, chapters, captions, warnings, clips, loudness
            case duration = "duration_s"
            case cloudJob = "cloud_job"
            case copiedFrames = "copied_frames"
            case encodedFrames = "encoded_frames"
            case costMicros = "cost_micros"
        }

        init(_ film: StitchedFilm) throws {
            video = film.video
            duration = film.duration
            backend = try StoredNames.backends.name(of: film.backend)
            cloudJob = film.jobID
            copiedFrames = film.copiedFrames
            encodedFrames = film.encodedFrames
            chapters = film.chapters.map { Chapter(title: $0.title, start: $0.start, end: $0.end) }
            captions = film.captions
            costMicros = film.cost.micros
            warnings = film.warnings
            clips = film.clips?.map {
                JoinedClip(
                    segmentID: $0.segmentID, copiedFrames: $0.copiedFrames, encodedFrames: $0.encodedFrames,
                    reason: $0.reason)
            }
            loudness = film.loudness.map { Loudness(integrated: $0.integrated, truePeak: $0.truePeak) }
        }

        func value() throws -> StitchedFilm {
            guard let backend = StoredNames.backends[backend] else {
                throw DecodingError.unknownName(at: CodingKeys.backend, of: StoredNames.backends.all)
            }
            var film = StitchedFilm(
                video: video, duration: duration, backend: backend, jobID: cloudJob, copiedFrames: copiedFrames,
                encodedFrames: encodedFrames,
                chapters: chapters.map { Contracts.Chapter(title: $0.title, start: $0.start, end: $0.end) },
                captions: captions, cost: USD(micros: costMicros), warnings: warnings)
            film.clips = clips?.map {
                StitchedClip(
                    segmentID: $0.segmentID, copiedFrames: $0.copiedFrames, encodedFrames: $0.encodedFrames,
                    reason: $0.reason)
            }
            film.loudness = loudness.map { MeasuredLoudness(integrated: $0.integrated, truePeak: $0.truePeak) }
            return film
        }
    }

    /// A chapter of the film, in seconds from its start.
    struct Chapter: Codable {
        var title: String
        var start: Double
        var end: Double

        private enum CodingKeys: String, CodingKey {
            case title
            case start = "start_s"
            case end = "end_s"
        }
    }

    /// How a clip was added to the film.
    struct JoinedClip: Codable {
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
    }

    /// The loudness of the film.
    struct Loudness: Codable {
        var integrated: Double?
        var truePeak: Double?

        private enum CodingKeys: String, CodingKey {
            case integrated = "integrated_lufs"
            case truePeak = "true_peak_dbtp"
        }
    }
}
