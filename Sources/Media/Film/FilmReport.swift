/// What a film was made of.
package struct FilmReport: Sendable, Equatable {
    /// How one part came into the film.
    package struct Part: Sendable, Equatable {
        package let copiedFrames: Int
        package let encodedFrames: Int
        /// Why all of it was encoded anew; absent where it was copied, apart from its fades.
        package let reason: String?
    }

    package let frames: Int
    /// Seconds.
    package let duration: Double
    package let copiedFrames: Int
    package let encodedFrames: Int
    package let parts: [Part]
    /// Of the sound before it was coded, where it was measured.
    package let loudness: Loudness?
    /// What could not be used, and what was changed on the way, one sentence each.
    package private(set) var warnings: [String]

    func warning(_ words: String) -> FilmReport {
        var report = self
        report.warnings.append(words)
        return report
    }
}

/// How loud a sound is.
package struct Loudness: Sendable, Equatable {
    /// LUFS over the whole; `nil` for silence.
    package let integrated: Double?
    /// dBTP; `nil` for silence.
    package let truePeak: Double?
}
