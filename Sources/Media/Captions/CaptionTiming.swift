/// When captions are seen: in step with the speech, but each for as long as it takes to read. Pure: counts in, seconds
/// out.
struct CaptionTiming {
    /// Seconds between captions that are too few to be seen as a pause.
    private static let flicker = 0.08

    /// Seconds in which each caption is seen.
    let spans: [Range<Double>]

    /// - Parameters:
    ///   - characters: of each caption, at least one.
    ///   - speech: seconds.
    ///   - end: the moment by which the last one is gone, after the speech's beginning. Seconds.
    init(characters: [Int], speech: Range<Double>, end: Double) {
        let slots = Self.slots(
            characters.map(Double.init), spoken: min(speech.upperBound, end) - speech.lowerBound,
            room: end - speech.lowerBound)
        var spans: [Range<Double>] = []
        var (clock, last) = (speech.lowerBound, speech.lowerBound)
        for slot in slots {
            let start = clock - last < Self.flicker ? last : clock
            clock += slot
            last = max(min(clock, start + CaptionLimits.longest, end), start)
            spans.append(start..<last)
        }
        self.spans = spans
    }

    /// Time in proportion to the characters, but none shorter than can be read, as far as there is room.
    private static func slots(_ characters: [Double], spoken: Double, room: Double) -> [Double] {
        let reading = characters.map { $0 / CaptionLimits.readingSpeed }
        let all = sum(characters)
        guard sum(reading) <= room else { return characters.map { $0 * room / all } }

        let shortest = largest(upTo: CaptionLimits.shortest) { least in sum(reading.map { max($0, least) }) <= room }
        let least = reading.map { max($0, shortest) }
        let total = max(spoken, sum(least))
        let pace = largest(upTo: total / all) { pace in
            sum(zip(characters, least).map { max($0 * pace, $1) }) <= total
        }
        return zip(characters, least).map { max($0 * pace, $1) }
    }

    /// The largest value for which something holds that holds for all that are smaller.
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
