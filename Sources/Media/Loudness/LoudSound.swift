/// Prepares loud sound for libavcodec's fast AAC coder.
///
/// That coder refines the quantiser until a frame takes all of its bits. A loud pure tone has so few spectral lines that the
/// quantiser becomes finer than AAC's largest value allows, and the strongest lines are clipped, by up to 3 dB. Noise at
/// -76 dBFS below the loud sound, which cannot be heard there, takes those bits; mid/side coding, which would give them back to
/// the tone, is left out meanwhile. `AudioRate` sees to it that such a frame never gets more bits than the noise takes.
struct LoudSound: Sendable {
    /// The mean square of a sine of amplitude 0.4; a line can be clipped from about 0.48 on.
    private static let threshold: Float = 0.08
    /// The encoder looks ahead, and its windows overlap.
    private static let following = 3
    /// The noise is the sum of two values up to this amplitude.
    private static let amplitude: Float = 0.0004

    private var left = 0
    private var state: UInt32 = 0x9E37_79B9

    /// Adds the noise where a frame, or one shortly before it, is loud. -> whether it is so.
    mutating func prepare(_ samples: inout StereoSamples) -> Bool {
        let (first, second) = samples.channelEnergies
        left = max(first, second) >= Self.threshold ? Self.following : left - 1
        guard left >= 0 else {
            left = -1
            return false
        }
        samples.withMutableChannels { left, right in
            for index in left.indices {
                left[index] += noise()
                right[index] += noise()
            }
        }
        return true
    }

    /// Noise of triangular distribution, the same in each run.
    private mutating func noise() -> Float { (random() + random()) * Self.amplitude }

    /// -0.5 to 0.5.
    private mutating func random() -> Float {
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        return Float(Int32(bitPattern: state)) * (0.5 / 2_147_483_648)
    }
}
