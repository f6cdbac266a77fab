// SPDX-License-Identifier: Apache-2.0

import Glibc
import Untrusted

/// Allocates the bits of encoded sound, frame by frame.
///
/// The encoder's own rate control saves what it could not spend: silence and quiet tones, which need few bits however
/// finely they are quantised, leave it so many that the strongest lines of the next loud tone are quantised beyond
/// AAC's largest value, and come out up to 4 dB too quiet for 0.15 s. Therefore the factor by which a frame may exceed
/// the mean is bounded, and is 1 for loud frames.
struct AudioBitAllocator: Sendable {
    /// Constant quality at which a frame gets as many bits as `bit_rate` states.
    static let nominalQuality: Int32 = 120
    /// Frames of speech use slightly less than they are allocated.
    private static let speechMargin = 1.04
    /// AAC allows 6144 bits per channel and frame; the mean is 2048.
    private static let factorBounds = 0.25...2.6

    private let bitRate: Int64
    /// Mean bytes of a frame.
    private let mean: Double
    private var factor = 1.0
    private var wasLoud = false

    /// - Parameters:
    ///   - bitRate: Mean bit rate in bits per second.
    ///   - frameRate: Frames per second.
    init(bitRate: Int64, frameRate: Double) {
        self.bitRate = bitRate
        mean = Double(bitRate) / 8 / frameRate * Self.speechMargin
    }

    /// Records an encoded frame.
    mutating func didEncode(bytes: Int) {
        factor = (factor * (mean / Double(max(bytes, 1))).squareRoot().squareRoot()).clamped(to: Self.factorBounds)
    }

    /// Bit rate, in bits per second, for the frame that the encoder codes when it takes the next one, which is the one
    /// before it.
    mutating func next(isLoud: Bool) -> Int64 {
        defer { wasLoud = isLoud }
        return isLoud || wasLoud ? bitRate : Int64(clamping: Double(bitRate) * factor)
    }
}
