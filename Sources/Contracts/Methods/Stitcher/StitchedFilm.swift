// SPDX-License-Identifier: Apache-2.0

/// The result of `stitcher.stitch`.
package struct StitchedFilm: Codable, Sendable {
    /// The artifact URI of the film.
    package var video: String
    /// The duration of the film in seconds.
    package var duration: Double
    /// Where the film was stitched: `local` or `mediaconvert`.
    package var backend: StitchBackend
    /// The id of the MediaConvert job; with `local`, that of a job that failed. Absent if there was none.
    package var jobID: String?
    /// The number of video frames that were copied without encoding.
    package var copiedFrames: Int
    /// The number of video frames that were encoded.
    package var encodedFrames: Int
    /// A chapter for each segment.
    package var chapters: [Chapter]
    /// The artifact URIs of the caption files.
    package var captions: [String]?
    /// What the stitching cost.
    package var cost: USD
    /// What could not be used, and what replaced it.
    package var warnings: [String]?
    /// How each clip was added to the film.
    package var clips: [StitchedClip]?
    /// The measured loudness of the film, if a loudness was requested.
    package var loudness: MeasuredLoudness?

    /// Creates a result. `clips` and `loudness` are absent.
    package init(
        video: String, duration: Double, backend: StitchBackend, jobID: String? = nil, copiedFrames: Int,
        encodedFrames: Int, chapters: [Chapter], captions: [String]? = nil, cost: USD, warnings: [String]? = nil
    ) {
        self.video = video
        self.duration = duration
        self.backend = backend
        self.jobID = jobID
        self.copiedFrames = copiedFrames
        self.encodedFrames = encodedFrames
        self.chapters = chapters
        self.captions = captions
        self.cost = cost
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case video, duration, backend, chapters, captions, warnings, clips, loudness
        case jobID = "job_id"
        case copiedFrames = "copied_frames"
        case encodedFrames = "encoded_frames"
        case cost = "cost_usd"
    }
}

/// How a clip was added to a film.
package struct StitchedClip: Codable, Sendable, Equatable {
    /// The segment's id.
    package var segmentID: String
    /// The number of frames that were copied without encoding.
    package var copiedFrames: Int
    /// The number of frames that were encoded.
    package var encodedFrames: Int
    /// Why the whole clip was encoded; absent if it was copied, apart from its cross-fades.
    package var reason: String?

    /// Creates an entry.
    package init(segmentID: String, copiedFrames: Int, encodedFrames: Int, reason: String?) {
        self.segmentID = segmentID
        self.copiedFrames = copiedFrames
        self.encodedFrames = encodedFrames
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case reason
        case segmentID = "segment_id"
        case copiedFrames = "copied_frames"
        case encodedFrames = "encoded_frames"
    }
}

/// The measured loudness of a film.
package struct MeasuredLoudness: Codable, Sendable, Equatable {
    /// The integrated loudness in LUFS; absent for silence.
    package var integrated: Double?
    /// The true peak in dBTP; absent for silence.
    package var truePeak: Double?

    /// Creates a measurement.
    package init(integrated: Double?, truePeak: Double?) {
        self.integrated = integrated
        self.truePeak = truePeak
    }

    private enum CodingKeys: String, CodingKey {
        case integrated = "integrated_lufs"
        case truePeak = "true_peak_dbtp"
    }
}

/// A named point of a film, one for each segment.
package struct Chapter: Codable, Sendable {
    /// The segment's id.
    package var title: String
    /// The start in seconds from the film's start.
    package var start: Double
    /// The end in seconds from the film's start.
    package var end: Double

    /// Creates a chapter.
    package init(title: String, start: Double, end: Double) {
        self.title = title
        self.start = start
        self.end = end
    }
}
