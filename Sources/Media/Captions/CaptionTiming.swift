// SPDX-License-Identifier: Apache-2.0

/// Display times of captions: in step with the speech, each long enough to be read. A pure function of its inputs.
struct CaptionTiming {
    /// Gaps between captions that are shorter than this are closed, since they look like flicker. Seconds.
    private static let minimumGap = 0.08

    /// Display time of each caption, in seconds.
    let spans: [Range<Double>]

    /// - Parameters:
    ///   - characters: Number of characters of each caption, at least 1.
    ///   - speech: Range of the speech, in seconds.
    ///   - end: Time by which the last caption disappears, later than the start of the speech. Seconds.
    init(characters: [Int], speech: Range<Double>, end: Double) {
        let slots = Self.slots(
            characters.map(Double.init), spoken: min(speech.upperBound, end) - speech.lowerBound,
            available: end - speech.lowerBound)
        var spans: [Range<Double>] = []
        var (clock, last) = (speech.lowerBound, speech.lowerBound)
        for slot in slots {
            let start = clock - last < Self.minimumGap ? last : clock
            clock += slot
            last = max(min(clock, start + CaptionLimits.maximumDuration, end), start)
            spans.append(start..<last)
        }
        self.spans = spans
    }

    /// Durations in proportion to the characters, but at least the reading time as far as `available` allows.
    private static func slots(_ characters: [Double], spoken: Double, available: Double) -> [Double] {
        let reading = characters.map { $0 / CaptionLimits.readingSpeed }
        let all = sum(characters)
        guard sum(reading) <= available else { return characters.map { $0 * available / all } }

        let minimumDuration = largest(upTo: CaptionLimits.minimumDuration) { least in
            sum(reading.map { max($0, least) }) <= available
        }
        let least = reading.map { max($0, minimumDuration) }
        let total = max(spoken, sum(least))
        let pace = largest(upTo: total / all) { pace in
            sum(zip(characters, least).map { max($0 * pace, $1) }) <= total
        }
        return zip(characters, least).map { max($0 * pace, $1) }
    }

    /// The largest value up to `limit` for which a condition holds that holds for all smaller values.
    private static func largest(upTo limit: Double, where holds: (Double) -> Bool) -> Double {
        if holds(limit) { return limit }
        var (low, high) = (0.0, limit)
        for _ in 0..<50 {
            let middle = (low + high) / 2
            if holds(middle) { low = middle } else { high = middle }
        }
        return low
    }

    private static func sum(_ values: [Double]) -> Double { values.reduce(0, +) }
}
