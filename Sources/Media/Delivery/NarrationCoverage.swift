// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Measures how much of each narration is audible in a film. Where the narration has speech and the film is silent,
/// words are missing.
struct NarrationCoverage {
    /// Samples of a block: 0.1 s.
    static let block = AudioEncoder.sampleRate / 10
    /// Minimum peak of a block of speech in a narration, and of sound in a film: -40 and -60 dBFS.
    private static let speechThreshold: Float = 0.01
    static let soundThreshold: Float = 0.001
    /// Number of blocks by which the film may be off.
    private static let tolerance = 2

    struct Result {
        let segmentID: String
        /// Seconds of speech, and how many of them are not audible.
        let speech: Double
        let missing: Double
    }

    /// - Parameters:
    ///   - levels: Peak of each block of the film's sound.
    ///   - narrations: Expected narrations. Unreadable ones are skipped.
    static func results(
        _ levels: [Float], _ narrations: [ExpectedNarration], cancelled: () -> Bool
    ) throws(MediaError) -> [Result] {
        var results: [Result] = []
        var seconds = 0.0
        for narration in narrations {
            defer { seconds += narration.duration }
            guard let path = narration.audio else { continue }
            do throws(MediaError) {
                let spoken = try spoken(path, narration, cancelled)
                let first = Int(clamping: (seconds * 10).rounded())
                let missing = spoken.indices.count { spoken[$0] && !isAudible(first + $0, levels) }
                results.append(
                    Result(
                        segmentID: narration.segmentID, speech: Double(spoken.count { $0 }) / 10,
                        missing: Double(missing) / 10))
            } catch  where error.kind != .cancelled {
                continue
            }
        }
        return results
    }

    /// Whether each block of a narration, up to the end of its segment, is speech.
    private static func spoken(
        _ path: String, _ narration: ExpectedNarration, _ cancelled: () -> Bool
    ) throws(MediaError) -> [Bool] {
        var reader = try AudioReader.open(path)
        try reader.skip(Int(clamping: narration.audioStart * Double(AudioEncoder.sampleRate)))
        var spoken: [Bool] = []
        let blocks = Int(clamping: narration.duration * 10)
        while spoken.count < blocks {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let samples = try reader.read(block)
            guard samples.count > 0 else { break }
            spoken.append(samples.peak > speechThreshold)
        }
        return spoken
    }

    private static func isAudible(_ index: Int, _ levels: [Float]) -> Bool {
        let (first, end) = (max(index - tolerance, 0), min(index + tolerance + 1, levels.count))
        return first < end && levels[first..<end].contains { $0 > soundThreshold }
    }
}

extension StereoSamples {
    /// The highest absolute value of both channels.
    var peak: Float {
        withChannels { left, right in
            var peak: Float = 0
            for sample in left { peak = max(peak, abs(sample)) }
            for sample in right { peak = max(peak, abs(sample)) }
            return peak
        }
    }
}
