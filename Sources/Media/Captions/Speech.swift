/// Where in a narration somebody speaks.
package enum Speech {
    /// Samples of a window: 10 ms.
    private static let window = AudioEncoder.sampleRate / 100
    /// Levels that count as speech: above this, and not more than 40 dB below the loudest window. dBFS.
    private static let floor = -50.0
    private static let depth = 40.0

    /// The seconds, from `start` on, between the first and the last sound.
    ///
    /// - Parameters:
    ///   - start: seconds of the narration that are skipped.
    ///   - tempo: how much faster than recorded the rest is heard.
    ///   - duration: seconds that are listened to.
    /// - Returns: `nil` where all is silent.
    /// - Throws: what is wrong with the file.
    package static func span(
        _ path: String, from start: Double = 0, tempo: Double = 1, duration: Double, cancelled: () -> Bool = { false }
    ) throws(MediaError) -> Range<Double>? {
        var reader = try AudioReader.open(path)
        try reader.begin(at: Int(start * Double(AudioEncoder.sampleRate)), tempo: tempo)
        var energies: [Float] = []
        let windows = Int(duration * 100)
        while energies.count < windows {
            if energies.count % 100 == 0, cancelled() { throw MediaError(.cancelled, "cancelled") }
            let samples = try reader.read(window)
            guard samples.count > 0 else { break }
            energies.append(samples.energy)
        }
        guard let loudest = energies.max() else { return nil }
        let least = max(
            Decibels.gain(floor) * Decibels.gain(floor), loudest * Decibels.gain(-depth) * Decibels.gain(-depth))
        guard let first = energies.firstIndex(where: { $0 >= least }),
            let last = energies.lastIndex(where: { $0 >= least })
        else { return nil }
        return Double(first) / 100..<Double(last + 1) / 100
    }
}

/// How long a narration is.
package enum NarrationLength {
    /// Seconds of all of the sound, decoded.
    ///
    /// - Throws: what is wrong with the file; `cancelled`.
    package static func seconds(_ path: String, cancelled: () -> Bool = { false }) throws(MediaError) -> Double {
        var reader = try AudioReader.open(path)
        return Double(try reader.countAll(cancelled: cancelled)) / Double(AudioEncoder.sampleRate)
    }
}

/// Captions of one segment.
package enum Captioning {
    /// The captions of a narration's text, in seconds from the segment's start.
    ///
    /// - Parameters:
    ///   - audio: path of the narration, by whose speech the captions are timed; without one that can be read, they take the
    ///     whole segment.
    ///   - audioStart: seconds of the narration that are skipped.
    ///   - tempo: how much faster than recorded the rest of it is heard.
    ///   - duration: seconds of the segment.
    /// - Throws: `cancelled`.
    package static func cues(
        text: String, audio: String?, audioStart: Double = 0, tempo: Double = 1, duration: Double,
        cancelled: () -> Bool = { false }
    ) throws(MediaError) -> [CaptionCue] {
        var speech: Range<Double>?
        if let audio {
            do throws(MediaError) {
                speech = try Speech.span(
                    audio, from: audioStart, tempo: tempo, duration: duration, cancelled: cancelled)
            } catch  where error.kind != .cancelled {
                speech = nil
            }
        }
        return CaptionLayout.cues(text: text, speech: speech ?? 0..<duration, end: duration)
    }
}
