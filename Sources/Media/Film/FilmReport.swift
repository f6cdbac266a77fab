// SPDX-License-Identifier: Apache-2.0

/// Result of making a film.
package struct FilmReport: Sendable, Equatable {
    /// How one part was included in the film.
    package struct Part: Sendable, Equatable {
        /// Frames copied from the clip.
        package let copiedFrames: Int
        /// Frames that were encoded.
        package let encodedFrames: Int
        /// Why the whole part was re-encoded; `nil` if it was copied, apart from its fades.
        package let reason: String?
    }

    /// Number of frames.
    package let frames: Int
    /// Duration in seconds.
    package let duration: Double
    /// Frames copied from the clips.
    package let copiedFrames: Int
    /// Frames that were encoded.
    package let encodedFrames: Int
    /// How each part was included.
    package let parts: [Part]
    /// Loudness of the sound before encoding, if it was measured.
    package let loudness: Loudness?
    /// Problems and conversions, one sentence each.
    package private(set) var warnings: [String]

    func adding(warning: String) -> FilmReport {
        var report = self
        report.warnings.append(warning)
        return report
    }
}
