/// Lays a known text out as captions: two lines of 42 columns at most, split where a speaker would breathe, timed over the speech.
package enum CaptionLayout {
    /// Columns of a line.
    package static let columns = 42
    /// Characters a second that can be read.
    package static let readingSpeed = 17.0
    /// Seconds that a caption stays at least, where there is room, and at most.
    private static let shortest = 1.0
    private static let longest = 7.0

    /// - Parameters:
    ///   - text: one segment's narration, in any script.
    ///   - speech: the seconds in which it is spoken.
    ///   - end: the moment until which its last caption may stay. Seconds.
    package static func cues(text: String, speech: Range<Double>, end: Double) -> [CaptionCue] {
        let text = CaptionText(text)
        let count = text.characters.count
        guard count > 0 else { return [] }
        let room = max(end - speech.lowerBound, 0.1)
        let spoken = min(max(speech.upperBound - speech.lowerBound, 0.1), room)
        // A slow speaker's caption holds less, so that it does not stand too long.
        let most = max(Int(longest * Double(count) / spoken), 20)
        let ranges = CaptionSplit(text, mostCharacters: most).ranges
        let durations = durations(ranges.map { text.trimmed($0).count }, spoken: spoken, room: room)
        var start = speech.lowerBound
        return zip(ranges, durations).map { range, duration in
            defer { start += duration }
            return CaptionCue(
                start: start, end: start + min(duration, longest), lines: CaptionSplit.lines(of: range, in: text))
        }
    }

    /// Time in proportion to the characters, but none shorter than can be read, as far as there is room.
    private static func durations(_ counts: [Int], spoken: Double, room: Double) -> [Double] {
        let counts = counts.map(Double.init)
        let reading = counts.map { $0 / readingSpeed }
        var least = reading.map { max($0, shortest) }
        if sum(least) > room { least = reading }
        if sum(least) > room {
            let all = sum(counts)
            return counts.map { $0 * room / all }
        }
        let total = max(spoken, sum(least))
        // The pace at which all of the time is used: found by halving, since the shortest do not follow it.
        var (low, high) = (0.0, total)
        for _ in 0..<60 {
            let pace = (low + high) / 2
            if sum(zip(counts, least).map { max($1, $0 * pace) }) > total { high = pace } else { low = pace }
        }
        return zip(counts, least).map { max($1, $0 * low) }
    }

    private static func sum(_ values: [Double]) -> Double { values.reduce(0, +) }
}
