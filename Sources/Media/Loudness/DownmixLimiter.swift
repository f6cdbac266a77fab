// SPDX-License-Identifier: Apache-2.0

/// Keeps a downmix of several channels within full scale. Sound that cannot exceed it passes through.
struct DownmixLimiter: Sendable {
    /// Headroom below full scale for what encoding may add to a peak, as in `Soundtrack`. dBTP.
    private static let ceiling = -2.5
    /// Samples until 63 % of a gain are recovered, 3 s: a voice below loud effects does not pump.
    private static let release = 3 * AudioEncoder.sampleRate

    private var limiter: PeakLimiter?

    init(_ matrix: StereoMatrix) {
        limiter = matrix.mayClip ? PeakLimiter(ceiling: Self.ceiling, release: Self.release) : nil
    }

    /// Number of delayed samples.
    var delay: Int { limiter?.delay ?? 0 }

    /// Whether sound passes through unchanged.
    var isIdle: Bool { limiter == nil }

    /// Processes samples.
    ///
    /// - Parameter isLast: Whether none follow, so that none are delayed.
    /// - Returns: The samples that are ready.
    mutating func process(_ samples: StereoSamples, isLast: Bool) -> StereoSamples {
        guard var ready = limiter?.process(samples) else { return samples }
        if isLast, let rest = limiter?.finish() { ready.append(rest) }
        return ready
    }
}
