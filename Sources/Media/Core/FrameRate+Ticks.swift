// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// A frame rate in the units of a container.
extension FrameRate {
    /// Factor by which the time scale is finer than the frame rate.
    static let ticksPerFrame = 512

    /// Track time scale: `numerator * 512` ticks per second, of which a frame takes `denominator * 512`.
    var timescale: Int { numerator * Self.ticksPerFrame }
    var frameTicks: Int { denominator * Self.ticksPerFrame }
    var rational: AVRational { AVRational(num: Int32(clamping: numerator), den: Int32(clamping: denominator)) }
    var timeBase: AVRational { AVRational(num: 1, den: Int32(clamping: timescale)) }
}
