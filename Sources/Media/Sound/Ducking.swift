import Glibc

/// The gain of music under speech: down by 12 dB while somebody speaks, up again in a longer pause.
struct Ducking: Sendable {
    /// The gain under speech.
    private static let depth = Decibels.gain(-12)
    /// Mean square of the faintest speech: -42 dBFS.
    private static let threshold = Decibels.gain(-42) * Decibels.gain(-42)
    /// What the mean square looks back on: 10 ms.
    private static let window = portion(0.01)
    private static let attack = portion(0.05)
    private static let release = portion(0.4)
    /// Samples for which the music stays down: 0.2 s, so that it does not pump between words.
    private static let hold = AudioEncoder.sampleRate / 5

    private var power: Float = 0
    private var held = 0
    private var gain: Float = 1

    /// Writes the music's gain at each sample of the speech.
    mutating func follow(_ speech: StereoSamples, into gains: UnsafeMutableBufferPointer<Float>) {
        let (depth, threshold, window) = (Self.depth, Self.threshold, Self.window)
        let (attack, release) = (Self.attack, Self.release)
        var (power, held, gain) = (power, held, gain)
        speech.withChannels { lefts, rights in
            for index in 0..<gains.count {
                let (left, right) = (lefts[index].playable, rights[index].playable)
                // The constant keeps silence from decaying into denormal numbers, which are slow.
                power += ((left * left + right * right) / 2 + 1e-15 - power) * window
                held = power > threshold ? Self.hold : held - 1
                gain += held > 0 ? (depth - gain) * attack : (1 - gain) * release
                gains[index] = gain
            }
        }
        (self.power, self.held, self.gain) = (power, max(held, 0), gain)
    }

    /// What is made good in each sample, where so many seconds make good 63 %.
    private static func portion(_ seconds: Double) -> Float {
        Float(1 - exp(-1 / (seconds * Double(AudioEncoder.sampleRate))))
    }
}
