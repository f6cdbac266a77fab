// SPDX-License-Identifier: Apache-2.0

/// A narration that a film should contain.
package struct ExpectedNarration: Sendable {
    /// Id of the segment.
    package let segmentID: String
    /// Duration of the segment on the film's time line, in seconds.
    package let duration: Double
    /// Path of the narration; `nil` for silence.
    package let audio: String?
    /// Seconds skipped at the start of the narration.
    package let audioStart: Double
    /// Playback speed of the narration relative to the recording.
    package let tempo: Double

    /// Creates the narration of one segment.
    package init(segmentID: String, duration: Double, audio: String?, audioStart: Double, tempo: Double = 1) {
        self.tempo = tempo
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }
}
