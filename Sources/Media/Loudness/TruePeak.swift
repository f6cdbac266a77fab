// SPDX-License-Identifier: Apache-2.0

/// Measures the peaks that a converter or a coder produces between samples. Each quarter of a sample is interpolated
/// twice: with a short filter like libebur128's and a long one like a resampler's. For sounds near 24 kHz the two
/// differ by more than 1 dB, and a film should pass both measurements.
struct TruePeak: Sendable {
    /// Samples measured at once.
    static let block = 64
    /// Samples required before the first and after the last measured sample.
    static let before = 11
    static let after = 12

    private let interpolators = [QuarterInterpolator(reach: 6), QuarterInterpolator(reach: Self.after)]

    /// Raises each of a block's `peaks` to the highest amplitude from its sample up to the next one.
    ///
    /// - Parameters:
    ///   - samples: The first sample of the block. Samples before and after it are read too.
    ///   - ignoring: Amplitude below which peaks need no interpolation.
    ///   - peaks: The peaks of the block.
    func measure(
        _ samples: UnsafePointer<Float>, ignoring: Float, into peaks: UnsafeMutablePointer<Float>
    ) {
        var highest: Float = 0
        for index in -Self.before..<Self.block + Self.after { highest = max(highest, abs(samples[index])) }
        for interpolator in interpolators where highest * interpolator.maximumGain > ignoring {
            for start in stride(from: 0, to: Self.block, by: 8) {
                interpolator.raise(peaks + start, from: samples + start)
            }
        }
        guard highest > ignoring else { return }
        for index in 0..<Self.block { peaks[index] = max(peaks[index], abs(samples[index])) }
    }
}
