package import JSONRPC

/// `stitcher`: one film of many clips.
package enum StitcherAPI {
    package static let stitch = Method<Stitch, Stitched>(
        "stitcher.stitch", idempotent: true, summary: "Joins clips and narrations to one film.")
    package static let setupRole = Method<SetupRole, RoleSetUp>(
        "stitcher.setup_role", idempotent: true,
        summary: "Creates the role that MediaConvert runs under, with access to the bucket, if it is missing.")
    package static let jobStatus = Method<StitchJob, StitchJobStatus>(
        "stitcher.job_status", idempotent: true, load: .light, summary: "Says how far a MediaConvert job is.")
}

/// How one clip follows another.
package enum StitchMode: String, Codable, Sendable, CaseIterable {
    /// A cut; the coded video is copied.
    case simple
    /// A cross-fade over each boundary that keeps the time line's length.
    case fade
}

package enum StitchBackend: String, Codable, Sendable, CaseIterable {
    case local, mediaconvert
}

package struct Stitch: Codable, Sendable {
    package var clips: [StitchClip]
    /// The artifact URI of the film.
    package var output: String
    /// `simple` if absent.
    package var mode: StitchMode?
    /// Seconds of each cross-fade; 0.5 if absent.
    package var fade: Double?
    /// `local` if absent.
    package var backend: StitchBackend?
    package var captions: Captions?
    /// Integrated loudness that the film is brought to, in LUFS; untouched if absent.
    package var loudness: Double?
    /// -> pixels; 1920 if absent. Clips of another size are brought to it.
    package var width: Int?
    /// -> pixels; 1080 if absent.
    package var height: Int?
    /// Frames per second; 30 if absent.
    package var fps: Double?

    package init(
        clips: [StitchClip], output: String, mode: StitchMode? = nil, fade: Double? = nil,
        backend: StitchBackend? = nil, captions: Captions? = nil, loudness: Double? = nil, width: Int? = nil,
        height: Int? = nil, fps: Double? = nil
    ) {
        self.clips = clips
        self.output = output
        self.mode = mode
        self.fade = fade
        self.backend = backend
        self.captions = captions
        self.loudness = loudness
        self.width = width
        self.height = height
        self.fps = fps
    }

    private enum CodingKeys: String, CodingKey {
        case clips, output, mode, backend, captions, width, height, fps
        case fade = "fade_s"
        case loudness = "loudness_lufs"
    }
}

package struct StitchClip: Codable, Sendable {
    /// The artifact URI of the clip.
    package var clip: String
    package var segmentID: String
    /// Seconds that the segment takes on the film's time line.
    package var duration: Double
    /// The artifact URI of the narration; the clip's own audio track if absent, silence if it has none.
    package var audio: String?
    /// Seconds of the narration that are skipped, where one narration serves many segments.
    package var audioStart: Double?

    package init(
        clip: String, segmentID: String, duration: Double, audio: String? = nil, audioStart: Double? = nil
    ) {
        self.clip = clip
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }

    private enum CodingKeys: String, CodingKey {
        case clip, duration, audio
        case segmentID = "segment_id"
        case audioStart = "audio_start_s"
    }
}

package struct Stitched: Codable, Sendable {
    /// The artifact URI of the film.
    package var video: String
    /// Seconds.
    package var duration: Double
    package var backend: StitchBackend
    /// The MediaConvert job, where there was one.
    package var jobID: String?
    /// Video frames taken over as they were coded.
    package var copiedFrames: Int
    /// Video frames coded anew.
    package var encodedFrames: Int
    /// One for each segment.
    package var chapters: [Chapter]
    /// The artifact URIs of side-car captions.
    package var captions: [String]?
    package var cost: USD
    /// Narrations that could not be used, and what took their place.
    package var warnings: [String]?

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
        case video, duration, backend, chapters, captions, warnings
        case jobID = "job_id"
        case copiedFrames = "copied_frames"
        case encodedFrames = "encoded_frames"
        case cost = "cost_usd"
    }
}

/// A named stretch of the film.
package struct Chapter: Codable, Sendable {
    package var title: String
    /// Seconds from the film's start.
    package var start: Double
    /// Seconds from the film's start.
    package var end: Double

    package init(title: String, start: Double, end: Double) {
        self.title = title
        self.start = start
        self.end = end
    }
}

package struct SetupRole: Codable, Sendable {
    /// `MediaConvertJobRole` if absent.
    package var roleName: String?
    package var bucket: String

    package init(roleName: String? = nil, bucket: String) {
        self.roleName = roleName
        self.bucket = bucket
    }

    private enum CodingKeys: String, CodingKey {
        case bucket
        case roleName = "role_name"
    }
}

package struct RoleSetUp: Codable, Sendable {
    package var roleARN: String
    /// Whether the role was made by this call.
    package var created: Bool
    /// The names of its policies.
    package var policies: [String]

    package init(roleARN: String, created: Bool, policies: [String]) {
        self.roleARN = roleARN
        self.created = created
        self.policies = policies
    }

    private enum CodingKeys: String, CodingKey {
        case created, policies
        case roleARN = "role_arn"
    }
}

package struct StitchJob: Codable, Sendable {
    package var jobID: String

    package init(jobID: String) {
        self.jobID = jobID
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
    }
}

package struct StitchJobStatus: Codable, Sendable {
    package var status: String
    /// 0 to 100.
    package var percent: Int
    package var error: String?

    package init(status: String, percent: Int, error: String? = nil) {
        self.status = status
        self.percent = percent
        self.error = error
    }
}
