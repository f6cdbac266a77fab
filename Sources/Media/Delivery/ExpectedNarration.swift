/// A narration as a film has it.
package struct ExpectedNarration: Sendable {
    package let segmentID: String
    /// Seconds on the film's time line.
    package let duration: Double
    /// Path; silence if absent.
    package let audio: String?
    /// Seconds of the narration that are skipped.
    package let audioStart: Double
    /// How much faster than recorded it is heard.
    package let tempo: Double

    package init(segmentID: String, duration: Double, audio: String?, audioStart: Double, tempo: Double = 1) {
        self.tempo = tempo
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }
}
