// SPDX-License-Identifier: Apache-2.0

/// The parameters of `stitcher.stitch`.
package struct StitchFilm: Codable, Sendable {
    /// The clips in the film's order, 1 to 1,000.
    package var clips: [StitchClip]
    /// The artifact URI that the film is written to.
    package var output: String
    /// How one clip follows another; `simple` if absent.
    package var mode: StitchMode?
    /// The duration of each cross-fade in seconds, 0 to 5; 0.5 if absent.
    package var fade: Double?
    /// The duration of the fade from black at the film's start in seconds, 0 to 10; 0 if absent.
    package var fadeIn: Double?
    /// The duration of the fade to black at the film's end in seconds, 0 to 10; 0 if absent.
    package var fadeOut: Double?
    /// How clips of another aspect ratio are fitted into the film; `letterbox` if absent.
    package var fit: ClipFit?
    /// Where the film is stitched; `UNDERSTUDY_STITCH_BACKEND` if absent, or `local` if that is not set.
    package var backend: StitchBackend?
    /// How the clips' `text` is shown: `sidecar` writes `.srt` and `.vtt` files beside the film, `soft` a text track as
    /// well. `burned` captions are already in the clips. `none` if absent.
    package var captions: Captions?
    /// The integrated loudness of the film in LUFS, -40 to -5; not changed if absent.
    package var loudness: Double?
    /// The artifact URI of music that plays during the whole film.
    package var music: String?
    /// The level of the music in dB relative to its file, -60 to 12; -14 if absent.
    package var musicLevel: Double?
    /// The width of the film in pixels; 1920 if absent. Clips of another size are scaled.
    package var width: Int?
    /// The height of the film in pixels; 1080 if absent. Clips of another size are scaled.
    package var height: Int?
    /// The frame rate of the film in frames per second; 30 if absent.
    package var fps: Double?
    /// Whether to encode all pictures again, even if some could be copied; `false` if absent.
    package var reencode: Bool?

    /// Creates a request with its required members; the others are absent.
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

/// A clip of a film to be stitched.
package struct StitchClip: Codable, Sendable {
    /// The artifact URI of the clip.
    package var clip: String
    /// The segment's id.
    package var segmentID: String
    /// The duration of the segment on the film's time line in seconds.
    package var duration: Double
    /// The artifact URI of the narration; the clip's own audio track if absent, or silence if it has none.
    package var audio: String?
    /// The time in the narration file at which the segment's narration starts, in seconds, if several segments share
    /// one narration; 0 if absent.
    package var audioStart: Double?
    /// The playback speed of the narration as a multiple of the recorded speed, 1 to 2, without changing its pitch; 1
    /// if absent.
    package var tempo: Double?
    /// The spoken text, shown as captions.
    package var text: String?
    /// The title of the segment's chapter; the first words of `text` if absent, or `segmentID` if both are absent.
    package var title: String?

    /// Creates a clip.
    package init(
        clip: String, segmentID: String, duration: Double, audio: String? = nil, audioStart: Double? = nil,
        tempo: Double? = nil, text: String? = nil, title: String? = nil
    ) {
        self.tempo = tempo
        self.text = text
        self.title = title
        self.clip = clip
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }

    private enum CodingKeys: String, CodingKey {
        case clip, duration, audio, tempo, text, title
        case segmentID = "segment_id"
        case audioStart = "audio_start_s"
    }
}

/// How one clip follows another.
package enum StitchMode: String, Codable, Sendable, CaseIterable {
    /// By a cut; the coded video is copied.
    case simple
    /// By a cross-fade that keeps the duration of the film.
    case fade
}

/// Where a film is stitched.
package enum StitchBackend: String, Codable, Sendable, CaseIterable {
    /// On the machine of the stitcher.
    case local
    /// By AWS MediaConvert; clips and film are in S3 buckets.
    case mediaconvert
    /// By MediaConvert, or locally if it fails or takes too long to start.
    case auto
}

/// How clips of another aspect ratio are fitted into the film.
package enum ClipFit: String, Codable, Sendable, CaseIterable {
    /// The whole picture is shown, with black bars.
    case letterbox
    /// The picture fills the film and its edges are cut off.
    case crop
}
