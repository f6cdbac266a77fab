// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The gain of music under speech: reduced by 12 dB during speech, restored in longer pauses.
struct Ducking: Sendable {
    /// Gain during speech.
    private static let depth = Decibels.gain(-12)
    /// Mean square of the quietest speech: -42 dBFS.
    private static let threshold = Decibels.gain(-42) * Decibels.gain(-42)
    /// Averaging time of the mean square: 10 ms.
    private static let window = coefficient(0.01)
    private static let attack = coefficient(0.05)
    private static let release = coefficient(0.4)
    /// Samples for which the gain is held: 0.2 s, so that the music does not pump between words.
    private static let hold = AudioEncoder.sampleRate / 5

    private var power: Float = 0
    private var holdRemaining = 0
    private var gain: Float = 1

    /// Writes the music's gain at each sample of the speech.
    mutating func follow(_ speech: StereoSamples, into gains: UnsafeMutableBufferPointer<Float>) {
        let (depth, threshold, window) = (Self.depth, Self.threshold, Self.window)
        let (attack, release) = (Self.attack, Self.release)
        var (power, holdRemaining, gain) = (power, holdRemaining, gain)
        speech.withChannels { lefts, rights in
            for index in 0..<gains.count {
                let (left, right) = (lefts[index].sanitized, rights[index].sanitized)
                // The constant keeps silence from decaying into denormal numbers, which are slow.
                power += ((left * left + right * right) / 2 + 1e-15 - power) * window
                holdRemaining = power > threshold ? Self.hold : holdRemaining - 1
                gain += holdRemaining > 0 ? (depth - gain) * attack : (1 - gain) * release
                gains[index] = gain
            }
        }
        (self.power, self.holdRemaining, self.gain) = (power, max(holdRemaining, 0), gain)
    }

    /// The fraction of a difference that is compensated with each sample, for 63 % after a time in seconds.
    private static func coefficient(_ seconds: Double) -> Float {
        Float(1 - exp(-1 / (seconds * Double(AudioEncoder.sampleRate))))
    }
}
