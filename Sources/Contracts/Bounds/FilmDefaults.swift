// SPDX-License-Identifier: Apache-2.0

/// Defaults of a film's parameters.
package enum FilmDefaults {
    /// The width in pixels.
    package static let width = 1920
    /// The height in pixels.
    package static let height = 1080
    /// The frame rate in frames per second.
    package static let fps = 30.0
    /// The duration of a cross-fade in seconds.
    package static let fade = 0.5
    /// The level of the music in dB, relative to its file.
    package static let musicLevel = -14.0
}
