// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase
import Untrusted

/// Arithmetic on timestamps that a file states.
///
/// A file can contain any 64-bit number, and Swift's operators trap on overflow. All sums, differences and conversions
/// of untrusted timestamps use these functions: they saturate, and every number of seconds is finite.
enum MediaTime {
    /// The difference of two timestamps, saturated.
    static func distance(from start: Int64, to end: Int64) -> Int64 {
        let difference = end.subtractingReportingOverflow(start)
        guard difference.overflow else { return difference.partialValue }
        return end < start ? .min : .max
    }

    /// The sum of two timestamps, saturated.
    static func sum(_ first: Int64, _ second: Int64) -> Int64 {
        let sum = first.addingReportingOverflow(second)
        guard sum.overflow else { return sum.partialValue }
        return first < 0 ? .min : .max
    }

    /// A timestamp in seconds.
    ///
    /// - Returns: `nil` for `AV_NOPTS_VALUE` and for a time base that is not positive.
    static func seconds(_ ticks: Int64, _ base: AVRational) -> Double? {
        guard ticks != us_no_pts, let perTick = base.secondsPerTick else { return nil }
        return Double(ticks) * perTick
    }

    /// The last timestamp at or before a time in seconds, saturated; 0 for a time base that is not positive.
    static func ticks(_ seconds: Double, _ base: AVRational) -> Int64 {
        guard let perTick = base.secondsPerTick else { return 0 }
        return Int64(clamping: (seconds / perTick).rounded(.down))
    }
}

extension AVRational {
    /// For a time base: the seconds of one tick; `nil` unless numerator and denominator are positive.
    var secondsPerTick: Double? { num > 0 && den > 0 ? Double(num) / Double(den) : nil }

    /// For a frame rate: `nil` for 0/0 and for implausible rates, above 1000 frames per second.
    var frameRate: FrameRate? {
        guard num > 0, den > 0, Double(num) / Double(den) <= 1000 else { return nil }
        return FrameRate(Int(num), Int(den))
    }

    /// For a sample aspect ratio: the width of a pixel relative to its height; 1 if unknown or implausible.
    var pixelAspect: Double {
        guard num > 0, den > 0 else { return 1 }
        let aspect = Double(num) / Double(den)
        return (0.05...20).contains(aspect) ? aspect : 1
    }
}
