/// What holds for a film where a call says nothing.
package enum FilmDefaults {
    /// -> pixels.
    package static let width = 1920
    /// -> pixels.
    package static let height = 1080
    /// Frames per second.
    package static let fps = 30.0
    /// Seconds of a cross-fade.
    package static let fade = 0.5
    /// dB relative to the file.
    package static let musicLevel = -14.0
}
