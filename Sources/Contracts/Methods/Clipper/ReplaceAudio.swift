// SPDX-License-Identifier: Apache-2.0

/// The parameters of `clipper.replace_audio`.
package struct ReplaceAudio: Codable, Sendable {
    /// The artifact URI of the clip.
    package var clip: String
    /// The artifact URI of the narration.
    package var audio: String
    /// The artifact URI that the result is written to; may be that of the clip.
    package var output: String
    /// The duration of the audio in seconds; the duration of the video if absent.
    package var duration: Double?
    /// The time in the narration file at which the segment's narration starts, in seconds, if several segments share
    /// one narration; 0 if absent.
    package var audioStart: Double?
    /// The playback speed of the narration as a multiple of the recorded speed, 1 to 2, without changing its pitch; 1
    /// if absent.
    package var tempo: Double?

    /// Creates a request.
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

/// The result of `clipper.replace_audio`.
package struct ReplacedAudio: Codable, Sendable {
    /// The artifact URI of the clip with its narration.
    package var clip: String
    /// The duration of the narration in seconds, at its tempo, before it was cut or padded.
    package var audioDuration: Double
    /// The duration in seconds of the silence appended to the narration.
    package var padded: Double
    /// The duration in seconds cut from the end of the narration.
    package var trimmed: Double

    /// Creates a result.
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
