/// Keeps the true peaks of a sound below a ceiling, with one gain for both channels.
///
/// It looks 5 ms ahead, so that the gain is down before a peak comes, and releases it slowly. As many samples come out as go in,
/// each at its place; what needs no limiting is not changed by a bit.
struct PeakLimiter: Sendable {
    private static let lookAhead = AudioEncoder.sampleRate / 200
    /// 100 ms.
    private static let release = AudioEncoder.sampleRate / 10

    private let decibels: Double
    private let release: Int
    private let ceiling: Float
    private let truePeak: TruePeak
    private var gain: LimiterGain
    /// Samples from `lookAhead` before the next one that is measured.
    private var waiting: StereoSamples
    /// Samples of the silence before the first sample that still have to be dropped.
    private var leading: Int
    /// Samples taken in and not yet given out.
    private var owed: Int
    /// The peak behind the last sample that was measured: it lies before the next one too.
    private var lastPeak: Float

    /// - Parameters:
    ///   - ceiling: dBTP; the default leaves room for AAC, so that coded speech and music stay below -1 dBTP.
    ///   - release: samples until 63 % of the gain are back; 100 ms if absent.
    init(ceiling: Double = -1.5, release: Int? = nil) {
        decibels = ceiling
        self.release = release ?? Self.release
        self.ceiling = Decibels.gain(ceiling)
        truePeak = TruePeak()
        gain = LimiterGain(lookAhead: Self.lookAhead, release: self.release)
        waiting = StereoSamples(silence: Self.lookAhead)
        leading = Self.lookAhead
        owed = 0
        lastPeak = 0
    }

    /// Samples that are held back.
    var held: Int { owed }

    /// Takes samples. -> those that are ready; up to 7 ms are held back.
    mutating func process(_ samples: StereoSamples) -> StereoSamples {
        var samples = samples
        let count = samples.count
        samples.withMutableChannels { left, right in
            for index in 0..<count {
                left[index] = left[index].playable
                right[index] = right[index].playable
            }
        }
        owed += count
        waiting.append(samples)
        return limit()
    }

    /// -> the samples held back. The limiter is then as new.
    mutating func finish() -> StereoSamples {
        waiting.append(StereoSamples(silence: Self.lookAhead + TruePeak.after + TruePeak.block))
        let last = limit()
        self = PeakLimiter(ceiling: decibels, release: release)
        return last
    }

    /// Limits as many whole blocks as can be measured, whatever pieces they came in.
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
        // What follows the last sample is silence of our own.
        if ready.count > owed { ready = ready.takeFirst(owed) }
        owed -= ready.count
        return ready
    }

    /// -> the gains of the first samples that wait.
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
