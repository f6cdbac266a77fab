// SPDX-License-Identifier: Apache-2.0

/// A frame rate as a fraction, so that 29.97 is exact.
///
/// ```swift
/// let rate = FrameRate(framesPerSecond: 29.97)  // 30000/1001
/// ```
package struct FrameRate: Sendable, Hashable, CustomStringConvertible {
    /// Numerator, at least 1.
    package let numerator: Int
    /// Denominator, at least 1.
    package let denominator: Int

    /// Creates the rate `numerator / denominator`. Values below 1 become 1.
    package init(_ numerator: Int, _ denominator: Int = 1) {
        self.numerator = max(numerator, 1)
        self.denominator = max(denominator, 1)
    }

    /// The standard rates of films, slowest first.
    package static let standard = [
        FrameRate(24_000, 1001), FrameRate(24), FrameRate(25), FrameRate(30_000, 1001), FrameRate(30), FrameRate(48),
        FrameRate(50), FrameRate(60_000, 1001), FrameRate(60),
    ]

    /// The standard rates as listed in messages.
    package static let standardText = "23.976, 24, 25, 29.97, 30, 48, 50, 59.94 or 60"

    /// Maximum difference of a decimal number from the rate that it denotes; the closest two rates differ by 0.024.
    private static let tolerance = 0.006

    /// Creates the standard rate that a decimal number denotes, such as 29.97 for 30000/1001.
    ///
    /// - Returns: `nil` if the number denotes none of `standard`.
    package init?(framesPerSecond: Double) {
        guard let rate = Self.standard.first(where: { abs($0.framesPerSecond - framesPerSecond) < Self.tolerance })
        else { return nil }
        self = rate
    }

    /// The rate as a decimal number.
    package var framesPerSecond: Double { Double(numerator) / Double(denominator) }

    /// The closest standard rate. Containers with coarse timestamps state rates such as 30303/1000.
    package var nearestStandard: FrameRate {
        Self.standard.min {
            abs($0.framesPerSecond - framesPerSecond) < abs($1.framesPerSecond - framesPerSecond)
        } ?? FrameRate(30)
    }

    /// The duration of a number of frames, in seconds.
    package func seconds(_ frames: Int) -> Double { Double(frames) * Double(denominator) / Double(numerator) }

    /// The number of frames nearest to a duration in seconds. Saturates; 0 for NaN.
    package func frames(_ seconds: Double) -> Int {
        Int(clamping: (seconds * Double(numerator) / Double(denominator)).rounded())
    }

    /// The smallest number of frames whose duration is at least `seconds`.
    ///
    /// - Parameter slack: Fraction of a frame that may remain uncovered, so that rounding of `seconds` does not add a
    ///   frame.
    package func frames(covering seconds: Double, slack: Double = 0.01) -> Int {
        Int(clamping: (seconds * Double(numerator) / Double(denominator) - slack).rounded(.up))
    }

    /// A duration rounded to whole frames, in seconds; 0 for negative durations.
    package func seconds(wholeFrames seconds: Double) -> Double {
        (max(seconds, 0) * framesPerSecond).rounded() / framesPerSecond
    }

    /// The sample nearest to the start of a frame, at `sampleRate` samples per second. Saturates.
    package func sample(ofFrame frame: Int, sampleRate: Int) -> Int {
        let samples = Int128(frame).multipliedReportingOverflow(by: Int128(sampleRate) * 2)
        let product = samples.partialValue.multipliedReportingOverflow(by: Int128(denominator))
        guard !samples.overflow, !product.overflow, let sum = product.partialValue.adding(Int128(numerator)) else {
            return (frame < 0) == (sampleRate < 0) ? .max : .min
        }
        return Int(clamping: sum / (Int128(numerator) * 2))
    }

    /// The fraction as text, such as `30000/1001`.
    package var description: String { "\(numerator)/\(denominator)" }
}

extension Int128 {
    /// The sum; `nil` on overflow.
    fileprivate func adding(_ other: Int128) -> Int128? {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? nil : sum
    }
}
