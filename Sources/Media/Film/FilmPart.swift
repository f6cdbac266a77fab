// SPDX-License-Identifier: Apache-2.0

/// A clip on a film's time line.
package struct FilmPart: Sendable {
    /// Path of the clip.
    package var clip: String
    /// Frames on the time line, at least 1. A longer clip is cut, a shorter one holds its last frame.
    package var frames: Int
    /// Seconds to skip at the start of the clip. Its pictures are then re-encoded; `audioStart` skips its sound.
    package var clipStart = 0.0
    /// Path of its narration. If absent, the clip's own sound is used, or silence.
    package var audio: String?
    /// Seconds to skip at the start of the narration.
    package var audioStart: Double
    /// Playback speed of the narration relative to the recording, at constant pitch.
    package var tempo: Double
    /// Title of the chapter; empty for no chapter.
    package var title: String
    /// What errors and warnings call the part; `title` if it was not given.
    package var name: String

    /// Creates a part. Its clip is shown from the start.
    package init(
        clip: String, frames: Int, audio: String?, audioStart: Double = 0, tempo: Double = 1, title: String,
        name: String? = nil
    ) {
        self.tempo = tempo
        self.audioStart = audioStart
        self.clip = clip
        self.frames = frames
        self.audio = audio
        self.title = title
        self.name = name ?? title
    }
}
