// SPDX-License-Identifier: Apache-2.0

/// Finds the speech in a narration.
package enum SpeechDetector {
    /// Samples of an analysis window: 10 ms.
    private static let window = AudioEncoder.sampleRate / 100
    /// A window counts as speech above `minimumLevel`, in dBFS, and at most `dynamicRange` dB below the loudest window.
    private static let minimumLevel = -50.0
    private static let dynamicRange = 40.0

    /// The range from the first to the last audible window.
    ///
    /// - Parameters:
    ///   - path: Path of the narration.
    ///   - start: Seconds to skip at its start.
    ///   - tempo: Playback speed of the rest relative to the recording.
    ///   - duration: Maximum seconds to analyse.
    ///   - cancelled: Polled once per second of sound.
    /// - Returns: Seconds after `start`; `nil` if everything is silent.
    /// - Throws: `MediaError` if the file cannot be read; `cancelled`.
    package static func span(
        _ path: String, from start: Double = 0, tempo: Double = 1, duration: Double, cancelled: () -> Bool = { false }
    ) throws(MediaError) -> Range<Double>? {
        var reader = try AudioReader.open(path)
        try reader.start(at: Int(start * Double(AudioEncoder.sampleRate)), tempo: tempo)
        var energies: [Float] = []
        let windows = Int(duration * 100)
        while energies.count < windows {
            if energies.count % 100 == 0, cancelled() { throw MediaError(.cancelled, "cancelled") }
            let samples = try reader.read(window)
            guard samples.count > 0 else { break }
            energies.append(samples.energy)
        }
        guard let loudest = energies.max() else { return nil }
        let threshold = max(
            Decibels.gain(minimumLevel) * Decibels.gain(minimumLevel),
            loudest * Decibels.gain(-dynamicRange) * Decibels.gain(-dynamicRange))
        guard let first = energies.firstIndex(where: { $0 >= threshold }),
            let last = energies.lastIndex(where: { $0 >= threshold })
        else { return nil }
        return Double(first) / 100..<Double(last + 1) / 100
    }
}
