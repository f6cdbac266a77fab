/// Lays a known text out as captions: two lines of 42 columns at most, split where a speaker would breathe, timed over
/// the speech.
package enum CaptionLayout {
    /// - Parameters:
    ///   - text: one segment's narration, in any script.
    ///   - speech: the seconds in which it is spoken.
    ///   - end: the moment until which its last caption may stay. Seconds.
    /// - Returns: captions in order, none over another; none for a text that shows nothing, or where there is no time.
    package static func cues(text: String, speech: Range<Double>, end: Double) -> [CaptionCue] {
        let text = CaptionText(text)
        let spoken = min(speech.upperBound, end) - speech.lowerBound
        guard !text.pieces.isEmpty, spoken.isFinite, end > speech.lowerBound else { return [] }
        // A slow speaker's caption holds less, so that it need not stand too long.
        let spokenMeanwhile = spoken > 0 ? CaptionLimits.longest * Double(text.graphemes.count) / spoken : .infinity
        let most = Int(min(max(spokenMeanwhile, 1), CaptionLimits.longest * CaptionLimits.readingSpeed))
        let split = CaptionSplit(text, mostCharacters: most)
        let captions = split.ranges.map { CaptionSplit.lines(of: $0, in: text) }
        let characters = captions.map { lines in lines.reduce(0) { $0 + text.count($1) } }
        let timing = CaptionTiming(characters: characters, speech: speech, end: end)
        return zip(captions, timing.spans).map { lines, span in
            CaptionCue(start: span.lowerBound, end: span.upperBound, lines: lines.map(text.string))
        }
    }
}
