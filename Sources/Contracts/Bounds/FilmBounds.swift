// SPDX-License-Identifier: Apache-2.0

package import Parameters

/// Bounds of films, of the clips that they consist of, and of their sound.
package enum FilmBounds {
    /// The width of a film or clip in pixels; even, because the encoder codes blocks of two by two pixels.
    package static let width = NumberBound(64...4096, .pixels, default: FilmDefaults.width, isEven: true)
    /// The height of a film or clip in pixels; even, as the width.
    package static let height = NumberBound(64...4096, .pixels, default: FilmDefaults.height, isEven: true)
    /// The frame rate of a film or clip. A rate with a fraction stands for the exact one, such as 30000/1001.
    package static let fps = NumberBound(
        oneOf: 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, unit: .framesPerSecond, default: FilmDefaults.fps)
    /// The duration of each cross-fade between clips.
    package static let fade = NumberBound(0...5, .seconds, default: FilmDefaults.fade)
    /// The duration of the fade from black at the film's start, and of the fade to black at its end.
    package static let edgeFade = NumberBound(0...10, .seconds, default: 0.0)
    /// The integrated loudness of the film.
    package static let loudness = NumberBound(-40.0 ... -5, .loudness)
    /// The level of the music, relative to its file.
    package static let musicLevel = NumberBound(-60.0...12, .decibels, default: FilmDefaults.musicLevel)
    /// The duration of a clip, or of a segment on the film's time line.
    package static let duration = NumberBound(0.1...3600, .seconds)
    /// The duration of a segment on the time line of a film that is measured.
    package static let narratedSegment = NumberBound(0.0...3600, .seconds)
    /// The time in a narration file at which a segment's narration starts.
    package static let narrationStart = NumberBound(0.0...21_600, .seconds, default: 0.0)
    /// The playback speed of a narration, as a multiple of the recorded speed.
    package static let tempo = NumberBound(1.0...2, .factor, default: 1.0)
    /// A time in a clip.
    package static let clipTime = NumberBound(0.0...3600, .seconds)
    /// The number of key frames that a call may ask for.
    package static let keyFrames = 0...10_000
    /// The start of a part of a film.
    package static let partStart = NumberBound(0.0...86_400, .seconds, default: 0.0)
    /// The duration of a part of a film.
    package static let partDuration = NumberBound(0.01...86_400, .seconds)
}
