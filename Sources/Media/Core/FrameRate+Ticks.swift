import CFFmpeg
import Timebase

/// A rate in the numbers that a file holds.
extension FrameRate {
    /// Ticks of a frame in the track's time scale.
    static let ticksPerFrame = 512

    /// Track time scale: `numerator * 512` ticks a second, a frame is `denominator * 512` of them.
    var timescale: Int { numerator * Self.ticksPerFrame }
    var frameTicks: Int { denominator * Self.ticksPerFrame }
    var rational: AVRational { AVRational(num: Int32(clamping: numerator), den: Int32(clamping: denominator)) }
    var timeBase: AVRational { AVRational(num: 1, den: Int32(clamping: timescale)) }
}
