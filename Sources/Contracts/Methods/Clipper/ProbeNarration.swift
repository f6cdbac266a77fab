// SPDX-License-Identifier: Apache-2.0

/// A narration that a film should contain.
package struct ProbeNarration: Codable, Sendable {
    /// The segment's id.
    package var segmentID: String
    /// The duration of the segment on the film's time line in seconds.
    package var duration: Double
    /// The artifact URI of the narration; silence if absent.
    package var audio: String?
    /// The time in the narration file at which the segment's narration starts, in seconds; 0 if absent.
    package var audioStart: Double?
    /// The playback speed as a multiple of the recorded speed, 1 to 2; 1 if absent.
    package var tempo: Double?

    /// Creates a narration from its members.
    package init(
        segmentID: String, duration: Double, audio: String? = nil, audioStart: Double? = nil, tempo: Double? = nil
    ) {
        self.tempo = tempo
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }

    private enum CodingKeys: String, CodingKey {
        case duration, audio, tempo
        case segmentID = "segment_id"
        case audioStart = "audio_start_s"
    }
}
