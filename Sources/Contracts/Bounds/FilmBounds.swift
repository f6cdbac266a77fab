package import Parameters

/// Bounds of films, of the clips that they are made of, and of their sound.
package enum FilmBounds {
    /// Of the picture. The encoder codes blocks of two by two.
    package static let width = NumberBound(64...4096, .pixels, standard: FilmDefaults.width, isEven: true)
    package static let height = NumberBound(64...4096, .pixels, standard: FilmDefaults.height, isEven: true)
    /// Rates with a fraction stand for the exact ones, such as 30000/1001.
    package static let fps = NumberBound(
        oneOf: 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, unit: .framesPerSecond, standard: FilmDefaults.fps)
    /// Of each cross-fade between clips.
    package static let fade = NumberBound(0...5, .seconds, standard: FilmDefaults.fade)
    /// Out of black at the film's start, and to black at its end.
    package static let edgeFade = NumberBound(0...10, .seconds, standard: 0.0)
    /// Of the film, integrated.
    package static let loudness = NumberBound(-40.0 ... -5, .loudness)
    /// Relative to the music's file.
    package static let musicLevel = NumberBound(-60.0...12, .decibels, standard: FilmDefaults.musicLevel)
    /// Of a clip, or of a segment on the film's time line.
    package static let duration = NumberBound(0.1...3600, .seconds)
    /// Of a segment's narration in a film that is measured.
    package static let narrated = NumberBound(0.0...3600, .seconds)
    /// What is skipped of a narration file.
    package static let narrationStart = NumberBound(0.0...21_600, .seconds, standard: 0.0)
    /// How much faster than recorded a narration is heard.
    package static let tempo = NumberBound(1.0...2, .factor, standard: 1.0)
    /// A moment of a clip.
    package static let moment = NumberBound(0.0...3600, .seconds)
    /// How many key frames a call may ask for.
    package static let keyFrames = 0...10_000
    /// Where a stretch of any film begins.
    package static let stretchStart = NumberBound(0.0...86_400, .seconds, standard: 0.0)
    /// How long a stretch of any film is.
    package static let stretch = NumberBound(0.01...86_400, .seconds)
}
