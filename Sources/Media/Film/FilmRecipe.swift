/// One clip on a film's time line.
package struct FilmPart: Sendable {
    /// Path of the clip.
    package var clip: String
    /// Frames that it takes on the time line, at least 1; a longer clip is cut, a shorter one holds its last frame.
    package var frames: Int
    /// Seconds of the clip that are skipped. Its pictures are then encoded, and its sound must be skipped by `audioStart`.
    package var clipStart = 0.0
    /// Path of its narration; without one, the clip's own sound is used, else silence.
    package var audio: String?
    /// Seconds of the narration that are skipped.
    package var audioStart: Double
    /// How much faster than recorded the narration is heard, at its pitch.
    package var tempo: Double
    /// The chapter's title; no chapter if empty.
    package var title: String

    package init(
        clip: String, frames: Int, audio: String?, audioStart: Double = 0, tempo: Double = 1, title: String
    ) {
        self.tempo = tempo
        self.audioStart = audioStart
        self.clip = clip
        self.frames = frames
        self.audio = audio
        self.title = title
    }
}

/// What a film is made of.
package struct FilmRecipe: Sendable {
    /// Music under the whole film.
    package struct Music: Sendable {
        /// Path of any file with sound.
        package var path: String
        /// dB relative to the file.
        package var level: Double

        package init(path: String, level: Double = -14) {
            self.path = path
            self.level = level
        }
    }

    /// At least one.
    package var parts: [FilmPart]
    package var format: VideoFormat
    /// Frames of each cross-fade, centred on its boundary; 0 for cuts. The film's length does not change.
    package var fadeFrames = 0
    /// Frames over which the film comes out of black.
    package var openingFrames = 0
    /// Frames over which the film goes to black.
    package var closingFrames = 0
    /// What happens to clips of another aspect.
    package var fit = PictureFit.letterBox
    /// LUFS that the film is brought to; untouched if absent.
    package var loudness: Double?
    package var music: Music?
    /// Seconds from the film's start; a text track is made of them.
    package var captions: [CaptionCue] = []

    package init(parts: [FilmPart], format: VideoFormat) {
        self.parts = parts
        self.format = format
    }

    /// Whether all pictures are encoded again, though some could be copied.
    package var reencodes = false
    /// Whether clips that are made here are copied without a look into their samples.
    var trustsOwnClips = true

    var fades: FilmPlan.Fades {
        FilmPlan.Fades(crossing: fadeFrames, opening: openingFrames, closing: closingFrames)
    }
}
