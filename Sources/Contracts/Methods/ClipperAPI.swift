package import Calls

/// `clipper`: from a still to a clip, and the clip's sound.
package enum ClipperAPI {
    package static let create = Method<CreateClip, CreatedClip>(
        "clipper.create", of: .clipper, idempotent: true, stall: RenderBounds.stall, media: { $0.image },
        summary: "Turns a still into a silent H.264 clip.")
    package static let replaceAudio = Method<ReplaceAudio, ReplacedAudio>(
        "clipper.replace_audio", of: .clipper, idempotent: true, stall: RenderBounds.stall,
        media: { "\($0.audio) or \($0.clip)" },
        summary: "Replaces a clip's audio with a narration, cut or padded to the clip.")
    package static let convert = Method<ConvertMedia, ConvertedMedia>(
        "clipper.convert", of: .clipper, idempotent: true, stall: RenderBounds.stall, media: { $0.media },
        summary: "Writes a film, or a stretch of it, as an MP4 that players play; takes over the streams that can be.")
    package static let probe = Method<ProbeMedia, ProbedMedia>(
        "clipper.probe", of: .clipper, idempotent: true, stall: RenderBounds.stall,
        requestLimit: StoryboardBounds.request,
        media: { $0.media },
        summary: "Says what a media file holds, and decodes it if asked.")
}

/// Where the words are shown.
package enum Captions: String, Codable, Sendable, CaseIterable {
    case none, sidecar, soft, burned
}

/// How the frames of a still clip are coded.
package enum ClipCoding: String, Codable, Sendable, CaseIterable {
    /// Only what changes; every other frame repeats the one before in a few bytes.
    case repeated
    /// Every frame, for a player that should ever object to the other way.
    case full
}

package struct CreateClip: Codable, Sendable {
    /// The artifact URI of a PNG, JPEG, WebP or GIF.
    package var image: String
    /// Seconds, 0.1 to 3600.
    package var duration: Double
    /// The artifact URI that the clip is written to.
    package var output: String
    /// `still` if absent.
    package var motion: Motion?
    /// What `ken_burns` is chosen by; the output's name, up to `_clip`, if absent.
    package var segmentID: String?
    /// The segment's number in the film: neighbours move in turn into the picture and out of it. The number that the id ends
    /// with if absent.
    package var position: Int?
    /// -> pixels; 1920 if absent.
    package var width: Int?
    /// -> pixels; 1080 if absent.
    package var height: Int?
    /// Frames per second; 30 if absent.
    package var fps: Double?
    /// `burned` draws `text` over the picture; the others change nothing here.
    package var captions: Captions?
    /// What is spoken.
    package var text: String?
    /// The artifact URI of the narration, by whose speech captions are timed; they take the whole clip if absent.
    package var audio: String?
    /// Seconds of the narration that are skipped.
    package var audioStart: Double?
    /// How much faster than recorded the narration is heard, 1 to 2, at its pitch; 1 if absent.
    package var tempo: Double?
    /// Seconds of the cross-fade that will be laid over each end: key frames are put where it starts and ends.
    package var boundary: Double?
    /// Further moments that must be key frames. Seconds.
    package var keyFrames: [Double]?
    /// `repeated` if absent.
    package var coding: ClipCoding?

    package init(image: String, duration: Double, output: String) {
        self.image = image
        self.duration = duration
        self.output = output
    }

    private enum CodingKeys: String, CodingKey {
        case image, duration, output, motion, position, width, height, fps, captions, text, audio, tempo, coding
        case segmentID = "segment_id"
        case audioStart = "audio_start_s"
        case boundary = "boundary_s"
        case keyFrames = "key_frames_s"
    }
}

package struct CreatedClip: Codable, Sendable {
    /// The artifact URI of the clip.
    package var clip: String
    /// Seconds: frames divided by the rate.
    package var duration: Double
    package var frames: Int
    package var width: Int
    package var height: Int
    package var fps: Double
    package var bytes: Int
    package var cost: USD
    /// Seconds from reading the still to the finished file.
    package var encodeTime: Double
    /// Where that time went.
    package var stages: ClipStageTimes?
    /// Sentences on what of the picture could not be used, such as a broken colour profile.
    package var warnings: [String]?

    package init(
        clip: String, duration: Double, frames: Int, width: Int, height: Int, fps: Double, bytes: Int, cost: USD,
        encodeTime: Double, stages: ClipStageTimes? = nil
    ) {
        self.clip = clip
        self.duration = duration
        self.frames = frames
        self.width = width
        self.height = height
        self.fps = fps
        self.bytes = bytes
        self.cost = cost
        self.encodeTime = encodeTime
        self.stages = stages
    }

    private enum CodingKeys: String, CodingKey {
        case clip, duration, frames, width, height, fps, bytes, stages, warnings
        case cost = "cost_usd"
        case encodeTime = "encode_s"
    }
}

/// Seconds.
package struct ClipStageTimes: Codable, Sendable, Equatable {
    /// Reading the still, scaling it and converting its colours.
    package var picture: Double
    /// Coding; with a motion, resampling too.
    package var coding: Double
    /// Writing the file.
    package var writing: Double

    package init(picture: Double, coding: Double, writing: Double) {
        self.picture = picture
        self.coding = coding
        self.writing = writing
    }

    private enum CodingKeys: String, CodingKey {
        case picture = "picture_s"
        case coding = "coding_s"
        case writing = "writing_s"
    }
}

package struct ReplaceAudio: Codable, Sendable {
    /// The artifact URI of the clip.
    package var clip: String
    /// The artifact URI of the narration.
    package var audio: String
    /// The artifact URI that the result is written to; may be the clip's own.
    package var output: String
    /// Seconds of audio; the video's duration if absent.
    package var duration: Double?
    /// Seconds of the narration that are skipped, where one narration serves many segments.
    package var audioStart: Double?
    /// How much faster than recorded the narration is heard, 1 to 2, at its pitch; 1 if absent.
    package var tempo: Double?

    package init(
        clip: String, audio: String, output: String, duration: Double? = nil, audioStart: Double? = nil,
        tempo: Double? = nil
    ) {
        self.tempo = tempo
        self.clip = clip
        self.audio = audio
        self.output = output
        self.duration = duration
        self.audioStart = audioStart
    }

    private enum CodingKeys: String, CodingKey {
        case clip, audio, output, duration, tempo
        case audioStart = "audio_start_s"
    }
}

package struct ReplacedAudio: Codable, Sendable {
    package var clip: String
    /// Seconds of narration, at its tempo, before it was cut or padded.
    package var audioDuration: Double
    /// Seconds of silence added behind it.
    package var padded: Double
    /// Seconds cut from its end.
    package var trimmed: Double

    package init(clip: String, audioDuration: Double, padded: Double, trimmed: Double) {
        self.clip = clip
        self.audioDuration = audioDuration
        self.padded = padded
        self.trimmed = trimmed
    }

    private enum CodingKeys: String, CodingKey {
        case clip
        case audioDuration = "audio_duration_s"
        case padded = "padded_s"
        case trimmed = "trimmed_s"
    }
}

package struct ProbeMedia: Codable, Sendable {
    /// The artifact URI of the file.
    package var media: String
    /// Decode every frame, instead of believing the headers; true if absent.
    package var decode: Bool?
    /// Check the file point by point as a film that is delivered.
    package var report: Bool?
    /// Measure how long the file's sound is as a narration: only its sound is decoded.
    package var sound: Bool?
    /// The narrations that the film was made of, in order: what its sound is compared with.
    package var narrations: [ProbeNarration]?
    /// With `report`: also measure how much of the film is black, frozen and silent, how much of each narration is heard, and whether
    /// the file is an MP4 that players play. For films that were made elsewhere.
    package var thorough: Bool?

    package init(
        media: String, decode: Bool? = nil, report: Bool? = nil, sound: Bool? = nil,
        narrations: [ProbeNarration]? = nil, thorough: Bool? = nil
    ) {
        self.thorough = thorough
        self.sound = sound
        self.media = media
        self.decode = decode
        self.report = report
        self.narrations = narrations
    }
}

package struct ProbedMedia: Codable, Sendable {
    /// The container's name, e.g. `mp4`.
    package var container: String
    /// Seconds.
    package var duration: Double
    package var streams: [ProbedStream]
    /// Video frames: counted when decoded, else as the container says.
    package var frames: Int
    /// Present when decoding was asked for: whether every frame decoded without a fault.
    package var decodedOK: Bool?
    /// What is wrong with the file, one sentence each.
    package var problems: [String]
    /// Present when it was asked for.
    package var report: DeliveryReport?
    /// Seconds of sound as a narration has it; present when `sound` was asked for.
    package var soundDuration: Double?

    package init(
        container: String, duration: Double, streams: [ProbedStream], frames: Int, decodedOK: Bool?, problems: [String]
    ) {
        self.container = container
        self.duration = duration
        self.streams = streams
        self.frames = frames
        self.decodedOK = decodedOK
        self.problems = problems
    }

    private enum CodingKeys: String, CodingKey {
        case container, duration, streams, frames, problems, report
        case decodedOK = "decoded_ok"
        case soundDuration = "sound_s"
    }
}

package struct ProbedStream: Codable, Sendable {
    /// `video`, `audio` or `subtitle`, ...
    package var type: String
    /// libavcodec's name, e.g. `h264`.
    package var codec: String
    package var profile: String?
    /// Seconds, as the container states them; as measured if it does not.
    package var duration: Double?
    /// When the first decoded frame is presented, in seconds on the file's time line; present if frames were decoded.
    package var start: Double?
    /// When the last decoded frame ends, in seconds on the file's time line; present if frames were decoded.
    package var end: Double?
    /// Seconds of decoded sound; of a picture the time from `start_s` to `end_s`.
    package var presented: Double?
    /// Present and true for the stream of its type that a player presents.
    package var isPresented: Bool?
    package var width: Int?
    package var height: Int?
    /// Frames per second, as a fraction: `30/1`.
    package var rate: String?
    package var pixelFormat: String?
    package var colorPrimaries: String?
    package var colorTransfer: String?
    package var colorSpace: String?
    package var colorRange: String?
    /// Hertz.
    package var sampleRate: Int?
    package var channels: Int?

    package init(type: String, codec: String) {
        self.type = type
        self.codec = codec
    }

    private enum CodingKeys: String, CodingKey {
        case type, codec, profile, duration, width, height, channels
        case start = "start_s"
        case end = "end_s"
        case presented = "presented_s"
        case isPresented = "is_presented"
        case rate = "fps"
        case pixelFormat = "pixel_format"
        case colorPrimaries = "color_primaries"
        case colorTransfer = "color_transfer"
        case colorSpace = "color_space"
        case colorRange = "color_range"
        case sampleRate = "sample_rate"
    }
}

package struct ConvertMedia: Codable, Sendable {
    /// The artifact URI of the film: MP4, QuickTime, Matroska, WebM or MPEG transport stream.
    package var media: String
    /// The artifact URI that the MP4 is written to; may be the film's own.
    package var output: String
    /// Where the stretch begins, in seconds from the film's first picture; 0 if absent.
    package var start: Double?
    /// Seconds of the stretch; up to the film's end if absent. A stretch is encoded.
    package var duration: Double?
    /// -> pixels; the film's own if absent.
    package var width: Int?
    /// -> pixels; the film's own if absent.
    package var height: Int?
    /// Frames per second; the film's own if absent.
    package var fps: Double?
    /// Encode the pictures even if they could be taken over; false if absent.
    package var encode: Bool?

    package init(media: String, output: String) {
        self.media = media
        self.output = output
    }

    private enum CodingKeys: String, CodingKey {
        case media, output, duration, width, height, fps, encode
        case start = "start_s"
    }
}

package struct ConvertedMedia: Codable, Sendable {
    /// The artifact URI of the MP4.
    package var video: String
    /// Seconds of its pictures.
    package var duration: Double
    /// Why the pictures were encoded; absent if they were taken over as they are.
    package var encodedPictures: String?
    /// Why the sound was encoded; absent if it was taken over as it is, or there is none.
    package var encodedSound: String?

    package init(video: String, duration: Double, encodedPictures: String?, encodedSound: String?) {
        self.video = video
        self.duration = duration
        self.encodedPictures = encodedPictures
        self.encodedSound = encodedSound
    }

    private enum CodingKeys: String, CodingKey {
        case video, duration
        case encodedPictures = "encoded_pictures"
        case encodedSound = "encoded_sound"
    }
}
