/// Frames per second as a fraction, so that 29.97 is exact.
///
/// ```swift
/// let rate = FrameRate(framesPerSecond: 29.97)  // 30000/1001
/// ```
package struct FrameRate: Sendable, Hashable, CustomStringConvertible {
    /// At least 1.
    package let numerator: Int
    /// At least 1.
    package let denominator: Int

    /// A rate of `numerator / denominator`; both count as 1 where they are less.
    package init(_ numerator: Int, _ denominator: Int = 1) {
        self.numerator = max(numerator, 1)
        self.denominator = max(denominator, 1)
    }

    /// The rates that films are made in, slowest first.
    package static let standard = [
        FrameRate(24_000, 1001), FrameRate(24), FrameRate(25), FrameRate(30_000, 1001), FrameRate(30), FrameRate(48),
        FrameRate(50), FrameRate(60_000, 1001), FrameRate(60),
    ]

    /// The standard rates as a message names them.
    package static let standardText = "23.976, 24, 25, 29.97, 30, 48, 50, 59.94 or 60"

    /// By how much a decimal number may differ from the rate that it stands for; the closest two rates differ by 0.024.
    private static let tolerance = 0.006

    /// The standard rate that a decimal number stands for.
    ///
    /// - Returns: `nil` for a number that is none of `standard`.
    package init?(framesPerSecond: Double) {
        guard let rate = Self.standard.first(where: { abs($0.framesPerSecond - framesPerSecond) < Self.tolerance })
        else { return nil }
        self = rate
    }

    package var framesPerSecond: Double { Double(numerator) / Double(denominator) }

    /// The standard rate that is closest to this one; containers with coarse timestamps state odd ones.
    package var nearestStandard: FrameRate {
        Self.standard.min {
            abs($0.framesPerSecond - framesPerSecond) < abs($1.framesPerSecond - framesPerSecond)
        } ?? FrameRate(30)
    }

    /// The duration of a number of frames, in seconds.
    package func seconds(_ frames: Int) -> Double { Double(frames) * Double(denominator) / Double(numerator) }

    /// The nearest number of frames; saturates, and is 0 for NaN.
    package func frames(_ seconds: Double) -> Int {
        Int(clamping: (seconds * Double(numerator) / Double(denominator)).rounded())
    }

    /// The smallest number of frames whose duration is at least `seconds`.
    ///
    /// - Parameter slack: the share of a frame that may be left uncovered, so that rounding of `seconds` does not cost a frame.
    package func frames(covering seconds: Double, slack: Double = 0.01) -> Int {
        Int(clamping: (seconds * Double(numerator) / Double(denominator) - slack).rounded(.up))
    }

    /// Seconds of the nearest number of whole frames; 0 for less than none.
    package func seconds(wholeFrames seconds: Double) -> Double {
        (max(seconds, 0) * framesPerSecond).rounded() / framesPerSecond
    }

    /// The sample nearest to a frame's start at `sampleRate` samples per second; saturates.
    package func sample(ofFrame frame: Int, sampleRate: Int) -> Int {
        let samples = Int128(frame).multipliedReportingOverflow(by: Int128(sampleRate) * 2)
        let product = samples.partialValue.multipliedReportingOverflow(by: Int128(denominator))
        guard !samples.overflow, !product.overflow, let sum = product.partialValue.adding(Int128(numerator)) else {
            return (frame < 0) == (sampleRate < 0) ? .max : .min
        }
        return Int(clamping: sum / (Int128(numerator) * 2))
    }

    package var description: String { "\(numerator)/\(denominator)" }
}

extension Int128 {
    /// The sum; `nil` where it is too large.
    fileprivate func adding(_ other: Int128) -> Int128? {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? nil : sum
    }
}
