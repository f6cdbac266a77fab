// SPDX-License-Identifier: Apache-2.0

/// Adds noise to loud sound to work around a defect of libavcodec's fast AAC coder.
///
/// That coder refines the quantiser until a frame uses all of its bits. A loud pure tone has so few spectral lines that
/// the quantiser becomes finer than AAC's largest value allows, and the strongest lines are clipped, by up to 3 dB.
/// Noise at -76 dBFS, inaudible below the loud sound, uses those bits. Mid/side coding, which would return them to the
/// tone, is disabled meanwhile. `AudioBitAllocator` ensures that such a frame never gets more bits than the noise uses.
struct LoudFrameDither: Sendable {
    /// The mean square of a sine of amplitude 0.4. Lines can be clipped from about 0.48 on.
    private static let threshold: Float = 0.08
    /// Frames after a loud one that get noise too: the encoder looks ahead, and its windows overlap.
    private static let trailingFrames = 3
    /// The noise is the sum of two values up to this amplitude.
    private static let amplitude: Float = 0.0004

    private var remaining = 0
    private var state: UInt32 = 0x9E37_79B9

    /// Adds noise if a frame, or one shortly before it, is loud.
    ///
    /// - Returns: Whether noise was added.
    mutating func prepare(_ samples: inout StereoSamples) -> Bool {
        let (first, second) = samples.channelEnergies
        remaining = max(first, second) >= Self.threshold ? Self.trailingFrames : remaining - 1
        guard remaining >= 0 else {
            remaining = -1
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

    /// A pseudo-random number from -0.5 to 0.5.
    private mutating func random() -> Float {
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        return Float(Int32(bitPattern: state)) * (0.5 / 2_147_483_648)
    }
}
