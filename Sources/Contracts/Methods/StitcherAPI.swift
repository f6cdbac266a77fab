package import Calls

/// `stitcher`: one film of many clips.
package enum StitcherAPI {
    package static let stitch = Method<Stitch, Stitched>(
        "stitcher.stitch", of: .stitcher, idempotent: true, stall: RenderBounds.stall,
        requestLimit: StoryboardBounds.request,
        media: { "the clips of \($0.output)" },
        summary: "Joins clips and narrations to one film.")
    package static let setupRole = Method<SetupRole, RoleSetUp>(
        "stitcher.setup_role", of: .stitcher, idempotent: true,
        summary: "Creates the role that MediaConvert runs under, with access to the bucket, if it is missing.")
    package static let jobStatus = Method<StitchJob, StitchJobStatus>(
        "stitcher.job_status", of: .stitcher, idempotent: true, load: .light,
        summary: "Says how far a MediaConvert job is.")
}

/// How one clip follows another.
package enum StitchMode: String, Codable, Sendable, CaseIterable {
    /// A cut; the coded video is copied.
    case simple
    /// A cross-fade over each boundary that keeps the time line's length.
    case fade
}

/// Who joins the clips.
package enum StitchBackend: String, Codable, Sendable, CaseIterable {
    /// The stitcher's machine.
    case local
    /// AWS; clips and film lie in buckets.
    case mediaconvert
    /// AWS, and the stitcher's machine where AWS fails or takes too long to begin.
    case auto
}

/// What happens to clips of another aspect.
package enum ClipFit: String, Codable, Sendable, CaseIterable {
    /// All of the picture is seen, with black around it.
    case letterbox
    /// The picture fills the film, its edges are cut.
    case crop
}

package struct Stitch: Codable, Sendable {
    package var clips: [StitchClip]
    /// The artifact URI of the film.
    package var output: String
    /// `simple` if absent.
    package var mode: StitchMode?
    /// Seconds of each cross-fade; 0.5 if absent.
    package var fade: Double?
    /// Seconds over which the film comes out of black; 0 if absent.
    package var fadeIn: Double?
    /// Seconds over which the film goes to black; 0 if absent.
    package var fadeOut: Double?
    /// `letterbox` if absent.
    package var fit: ClipFit?
    /// As `UNDERSTUDY_STITCH_BACKEND` says if absent, else `local`.
    package var backend: StitchBackend?
    /// Where the clips' `text` is shown: `sidecar` writes `.srt` and `.vtt` beside the film, `soft` a text track too. `burned`
    /// words are part of the clips.
    package var captions: Captions?
    /// Integrated loudness that the film is brought to, in LUFS; untouched if absent.
    package var loudness: Double?
    /// The artifact URI of music that plays under the whole film.
    package var music: String?
    /// dB relative to the file; -14 if absent.
    package var musicLevel: Double?
    /// -> pixels; 1920 if absent. Clips of another size are brought to it.
    package var width: Int?
    /// -> pixels; 1080 if absent.
    package var height: Int?
    /// Frames per second; 30 if absent.
    package var fps: Double?
    /// Whether all pictures are encoded again, though some could be copied; `false` if absent.
    package var reencode: Bool?

    package init(clips: [StitchClip], output: String) {
        self.clips = clips
        self.output = output
    }

    private enum CodingKeys: String, CodingKey {
        case clips, output, mode, fit, backend, captions, music, width, height, fps, reencode
        case fade = "fade_s"
        case fadeIn = "fade_in_s"
        case fadeOut = "fade_out_s"
        case loudness = "loudness_lufs"
        case musicLevel = "music_level_db"
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
    /// How much faster than recorded the narration is heard, 1 to 2, at its pitch; 1 if absent.
    package var tempo: Double?
    /// What is spoken: the text of captions.
    package var text: String?

    package init(
        clip: String, segmentID: String, duration: Double, audio: String? = nil, audioStart: Double? = nil,
        tempo: Double? = nil, text: String? = nil
    ) {
        self.tempo = tempo
        self.text = text
        self.clip = clip
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }

    private enum CodingKeys: String, CodingKey {
        case clip, duration, audio, tempo, text
        case segmentID = "segment_id"
        case audioStart = "audio_start_s"
    }
}

package struct Stitched: Codable, Sendable {
    /// The artifact URI of the film.
    package var video: String
    /// Seconds.
    package var duration: Double
    /// Who joined the film: `local` or `mediaconvert`.
    package var backend: StitchBackend
    /// The MediaConvert job, where there was one; with `local`, one that failed.
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
    /// What could not be used, and what took its place.
    package var warnings: [String]?
    /// How each clip came into the film.
    package var clips: [StitchedClip]?
    /// Of the film's sound, where a loudness was asked for.
    package var loudness: MeasuredLoudness?

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

package struct StitchedClip: Codable, Sendable, Equatable {
    package var segmentID: String
    package var copiedFrames: Int
    package var encodedFrames: Int
    /// Why all of the clip was coded anew; absent where it was copied, apart from its fades.
    package var reason: String?

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

package struct MeasuredLoudness: Codable, Sendable, Equatable {
    /// LUFS; absent for silence.
    package var integrated: Double?
    /// dBTP; absent for silence.
    package var truePeak: Double?

    package init(integrated: Double?, truePeak: Double?) {
        self.integrated = integrated
        self.truePeak = truePeak
    }

    private enum CodingKeys: String, CodingKey {
        case integrated = "integrated_lufs"
        case truePeak = "true_peak_dbtp"
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
    package static let usualName = "MediaConvertJobRole"

    /// `usualName` if absent.
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
