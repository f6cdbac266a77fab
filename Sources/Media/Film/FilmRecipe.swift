// SPDX-License-Identifier: Apache-2.0

/// Describes a film to make.
package struct FilmRecipe: Sendable {
    /// Background music for the whole film.
    package struct Music: Sendable {
        /// Path of a file with sound.
        package var path: String
        /// Level relative to the file, in dB.
        package var level: Double

        /// Creates background music.
        package init(path: String, level: Double = -14) {
            self.path = path
            self.level = level
        }
    }

    /// The parts in order, at least one.
    package var parts: [FilmPart]
    /// Size and frame rate.
    package var format: VideoFormat
    /// Frames of each cross-fade, centred on its boundary; 0 for cuts. Fades do not change the film's length.
    package var fadeFrames = 0
    /// Frames of the fade from black at the start.
    package var openingFrames = 0
    /// Frames of the fade to black at the end.
    package var closingFrames = 0
    /// How clips of another aspect ratio are fitted.
    package var fit = PictureFit.letterBox
    /// Target loudness in LUFS; unchanged if absent.
    package var loudness: Double?
    /// Background music; none if absent.
    package var music: Music?
    /// Captions for a text track, in seconds from the start of the film.
    package var captions: [CaptionCue] = []

    /// Creates a recipe; by default for a film with cuts, without music or captions.
    package init(parts: [FilmPart], format: VideoFormat) {
        self.parts = parts
        self.format = format
    }

    /// Whether all pictures are re-encoded, even if some could be copied.
    package var reencodes = false
    /// Whether clips made by this module are copied without an inspection of their samples.
    var trustsOwnClips = true

    var fades: FilmPlan.Fades {
        FilmPlan.Fades(crossing: fadeFrames, opening: openingFrames, closing: closingFrames)
    }
}
