import Glibc
import Untrusted

/// Gives out the bits of coded sound, frame by frame.
///
/// The encoder's own rate control makes up for what it could not spend: silence and quiet tones, which take few bits however fine they
/// are quantised, leave it with so many that the strongest lines of the next loud tone are quantised beyond AAC's largest value, and
/// come out up to 4 dB too quiet for 0.15 s. So the factor by which a frame may exceed the mean is bounded, and is 1 for loud frames.
struct AudioRate: Sendable {
    /// The encoder's constant quality at which a frame gets as many bits as `bit_rate` states.
    static let nominalQuality: Int32 = 120
    /// Frames of speech use a little less than they are given.
    private static let target = 1.04
    /// AAC allows 6144 bits for a channel's frame; the mean is 2048.
    private static let bounds = 0.25...2.6

    private let bitRate: Int64
    /// Bytes of a mean frame.
    private let mean: Double
    private var factor = 1.0
    private var wasLoud = false

    /// - Parameters:
    ///   - bitRate: bits a second, as a mean.
    ///   - frameRate: frames a second.
    init(bitRate: Int64, frameRate: Double) {
        self.bitRate = bitRate
        mean = Double(bitRate) / 8 / frameRate * Self.target
    }

    /// Takes note of a frame that was coded.
    mutating func coded(bytes: Int) {
        factor = (factor * (mean / Double(max(bytes, 1))).squareRoot().squareRoot()).clamped(to: Self.bounds)
    }

    /// The bits a second for the frame that the encoder codes when it takes the next one: that one's predecessor.
    mutating func next(isLoud: Bool) -> Int64 {
        defer { wasLoud = isLoud }
        return isLoud || wasLoud ? bitRate : Int64(clamping: Double(bitRate) * factor)
    }
}
