/// Finds the peaks that a converter or a coder makes between the samples: each quarter of a sample is interpolated, once
/// as short as libebur128 does it and once as long as a resampler does, because with sounds near 24 kHz the two differ by
/// more than 1 dB, and a film should pass whoever measures it.
struct TruePeak: Sendable {
    /// Samples that are measured at once.
    static let block = 64
    /// Samples that must be there before the first one that is measured, and behind the last one.
    static let before = 11
    static let after = 12

    private let interpolators = [QuarterInterpolator(reach: 6), QuarterInterpolator(reach: Self.after)]

    /// Raises each of a block's `peaks` to the highest amplitude from its sample up to the next one.
    ///
    /// - Parameters:
    ///   - samples: the block's first sample; those before and behind it are read too.
    ///   - ignoring: an amplitude; where no peak can reach it, nothing is interpolated.
    func measure(
        _ samples: UnsafePointer<Float>, ignoring: Float, into peaks: UnsafeMutablePointer<Float>
    ) {
        var highest: Float = 0
        for index in -Self.before..<Self.block + Self.after { highest = max(highest, abs(samples[index])) }
        for interpolator in interpolators where highest * interpolator.worst > ignoring {
            for start in stride(from: 0, to: Self.block, by: 8) {
                interpolator.raise(peaks + start, from: samples + start)
            }
        }
        guard highest > ignoring else { return }
        for index in 0..<Self.block { peaks[index] = max(peaks[index], abs(samples[index])) }
    }
}
