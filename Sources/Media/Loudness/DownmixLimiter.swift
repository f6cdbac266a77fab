/// Keeps a downmix of several channels within full scale; sound that cannot exceed it passes through.
struct DownmixLimiter: Sendable {
    /// Below full scale by as much as coding may add to a peak, as in `Soundtrack`. dBTP.
    private static let ceiling = -2.5
    /// Samples until 63 % of a gain are back, 3 s: a voice below loud effects does not pump.
    private static let release = 3 * AudioEncoder.sampleRate

    private var limiter: PeakLimiter?

    init(_ matrix: StereoMatrix) {
        limiter = matrix.mayClip ? PeakLimiter(ceiling: Self.ceiling, release: Self.release) : nil
    }

    /// Samples that are held back.
    var held: Int { limiter?.held ?? 0 }

    /// Whether sound passes through as it is.
    var isIdle: Bool { limiter == nil }

    /// Takes samples. -> those that are ready.
    ///
    /// - Parameter isLast: whether none follow, so that nothing is held back.
    mutating func process(_ samples: StereoSamples, isLast: Bool) -> StereoSamples {
        guard var ready = limiter?.process(samples) else { return samples }
        if isLast, let rest = limiter?.finish() { ready.append(rest) }
        return ready
    }
}
