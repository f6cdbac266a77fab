// SPDX-License-Identifier: Apache-2.0

/// Limits the true peaks of a sound to a ceiling, with one gain for both channels.
///
/// It looks 5 ms ahead, so that the gain is reduced before a peak, and releases it slowly. It returns as many samples
/// as it takes, each at its place. Sound that needs no limiting is unchanged bit for bit.
struct PeakLimiter: Sendable {
    private static let lookAhead = AudioEncoder.sampleRate / 200
    /// 100 ms.
    private static let release = AudioEncoder.sampleRate / 10

    private let decibels: Double
    private let release: Int
    private let ceiling: Float
    private let truePeak: TruePeak
    private var gain: LimiterGain
    /// Samples from `lookAhead` before the next one to measure.
    private var waiting: StereoSamples
    /// Samples of the initial silence still to be dropped.
    private var leading: Int
    /// Samples taken but not returned yet.
    private var pending: Int
    /// The peak after the last measured sample, which precedes the next one too.
    private var lastPeak: Float

    /// - Parameters:
    ///   - ceiling: dBTP. The default leaves headroom for AAC, so that encoded speech and music stay below -1 dBTP.
    ///   - release: Samples until 63 % of the gain are recovered; 100 ms if absent.
    init(ceiling: Double = -1.5, release: Int? = nil) {
        decibels = ceiling
        self.release = release ?? Self.release
        self.ceiling = Decibels.gain(ceiling)
        truePeak = TruePeak()
        gain = LimiterGain(lookAhead: Self.lookAhead, release: self.release)
        waiting = StereoSamples(silence: Self.lookAhead)
        leading = Self.lookAhead
        pending = 0
        lastPeak = 0
    }

    /// Number of delayed samples.
    var delay: Int { pending }

    /// Processes samples.
    ///
    /// - Returns: The samples that are ready. Up to 7 ms are delayed.
    mutating func process(_ samples: StereoSamples) -> StereoSamples {
        var samples = samples
        let count = samples.count
        samples.withMutableChannels { left, right in
            for index in 0..<count {
                left[index] = left[index].sanitized
                right[index] = right[index].sanitized
            }
        }
        pending += count
        waiting.append(samples)
        return limit()
    }

    /// Returns the delayed samples and resets the limiter.
    mutating func finish() -> StereoSamples {
        waiting.append(StereoSamples(silence: Self.lookAhead + TruePeak.after + TruePeak.block))
        let last = limit()
        self = PeakLimiter(ceiling: decibels, release: release)
        return last
    }

    /// Limits as many whole blocks as can be measured, regardless of the pieces in which they arrived.
    private mutating func limit() -> StereoSamples {
        let count = max(waiting.count - Self.lookAhead - TruePeak.after, 0) / TruePeak.block * TruePeak.block
        guard count > 0 else { return StereoSamples() }
        let gains = measure(count)
        var ready = waiting.takeFirst(count)
        ready.withMutableChannels { left, right in
            for index in 0..<count {
                left[index] *= gains[index]
                right[index] *= gains[index]
            }
        }
        let dropped = ready.takeFirst(leading).count
        leading -= dropped
        // The padding follows the last sample.
        if ready.count > pending { ready = ready.takeFirst(pending) }
        pending -= ready.count
        return ready
    }

    /// The gains of the first waiting samples.
    private mutating func measure(_ count: Int) -> [Float] {
        let (truePeak, ceiling) = (truePeak, ceiling)
        var (gain, lastPeak) = (gain, lastPeak)
        let gains = waiting.withChannels { left, right in
            guard let left = left.baseAddress, let right = right.baseAddress else { return [Float]() }
            return [Float](unsafeUninitializedCapacity: count) { gains, filled in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: TruePeak.block) { peaks in
                    guard let peak = peaks.baseAddress else { return }
                    for start in stride(from: 0, to: count, by: TruePeak.block) {
                        peaks.initialize(repeating: 0)
                        let ahead = start + Self.lookAhead
                        truePeak.measure(left + ahead, ignoring: ceiling, into: peak)
                        truePeak.measure(right + ahead, ignoring: ceiling, into: peak)
                        for index in 0..<TruePeak.block {
                            let highest = max(peak[index], lastPeak)
                            lastPeak = peak[index]
                            gains[start + index] = gain.next(highest > ceiling ? Double(ceiling / highest) : 1)
                        }
                    }
                }
                filled = count
            }
        }
        (self.gain, self.lastPeak) = (gain, lastPeak)
        return gains
    }
}
