// SPDX-License-Identifier: Apache-2.0

/// Lays out a narration as captions: at most two lines of 42 columns, split at natural pauses and timed to the speech.
package enum CaptionLayout {
    /// Splits a narration into timed captions.
    ///
    /// - Parameters:
    ///   - text: The narration of one segment, in any writing system.
    ///   - speech: The range in which it is spoken, in seconds.
    ///   - end: Time by which the last caption must disappear, in seconds.
    /// - Returns: Non-overlapping cues in order. Empty if the text has no visible characters or there is no time to
    ///   show it.
    package static func cues(text: String, speech: Range<Double>, end: Double) -> [CaptionCue] {
        let text = CaptionText(text)
        let spoken = min(speech.upperBound, end) - speech.lowerBound
        guard !text.pieces.isEmpty, spoken.isFinite, end > speech.lowerBound else { return [] }
        // Slow speech gets fewer characters per caption, so that none exceeds the maximum duration.
        let charactersSpoken =
            spoken > 0 ? CaptionLimits.maximumDuration * Double(text.graphemes.count) / spoken : .infinity
        // trusted: from 1 to the characters that can be read in the maximum duration
        let maximumCharacters = Int(
            min(max(charactersSpoken, 1), CaptionLimits.maximumDuration * CaptionLimits.readingSpeed))
        let split = CaptionSplit(text, maximumCharacters: maximumCharacters)
        let captions = split.ranges.map { CaptionSplit.lines(of: $0, in: text) }
        let characters = captions.map { lines in lines.reduce(0) { $0 + text.count($1) } }
        let timing = CaptionTiming(characters: characters, speech: speech, end: end)
        return zip(captions, timing.spans).map { lines, span in
            CaptionCue(start: span.lowerBound, end: span.upperBound, lines: lines.map(text.string))
        }
    }
}
