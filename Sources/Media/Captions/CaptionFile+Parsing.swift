// SPDX-License-Identifier: Apache-2.0

extension CaptionFile {
    /// Parses SubRip or WebVTT text with any line endings. Text outside of cues is ignored.
    ///
    /// - Returns: The cues in file order, each with all of its lines.
    package static func parse(_ text: String) -> [CaptionCue] {
        let isWebVTT = text.drop { $0 == "\u{FEFF}" }.hasPrefix("WEBVTT")
        var cues: [CaptionCue] = []
        var current: CaptionCue?
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.allSatisfy(\.isWhitespace) {
                if let cue = current { cues.append(cue) }
                current = nil
            } else if current == nil || isWebVTT, let times = times(line) {
                // WebVTT does not allow an arrow in cue text, so a blank line is missing before this timing line.
                if let cue = current { cues.append(cue) }
                current = CaptionCue(start: times.start, end: times.end, lines: [])
            } else {
                current?.lines.append(isWebVTT ? plain(line) : SubRipText.plain(line))
            }
        }
        if let cue = current { cues.append(cue) }
        return cues
    }

    /// Parses a timing line: `00:00:01,000 --> 00:00:02.500`, optionally followed by cue settings.
    private static func times(_ line: Substring) -> (start: Double, end: Double)? {
        let parts = line.split(whereSeparator: \.isWhitespace)
        guard parts.count >= 3, parts[1] == "-->", let start = seconds(parts[0]), let end = seconds(parts[2]) else {
            return nil
        }
        return (start, end)
    }

    /// Parses a timestamp such as `00:00:01,000`.
    ///
    /// - Returns: Seconds, or `nil` if the text is not a timestamp.
    private static func seconds(_ clock: Substring) -> Double? {
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { return nil }
        var seconds = 0
        for part in parts.dropLast() {
            guard let value = number(part) else { return nil }
            seconds = (seconds + value) * 60
        }
        let last = parts[parts.count - 1].split(omittingEmptySubsequences: false) { $0 == "." || $0 == "," }
        guard last.count <= 2, let whole = number(last[0]) else { return nil }
        guard last.count == 2 else { return Double(seconds + whole) }
        guard let fraction = number(last[1]) else { return nil }
        let thousandths = Double(fraction) * [1, 100, 10, 1, 0.1, 0.01, 0.001][last[1].count]
        return (Double(seconds + whole) * 1000 + thousandths) / 1000
    }

    /// Parses at most six decimal digits.
    private static func number(_ digits: Substring) -> Int? {
        digits.utf8.count <= 6 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }

    private static let characterReferences: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "nbsp": "\u{A0}", "lrm": "\u{200E}", "rlm": "\u{200F}",
    ]

    /// The text of a WebVTT line, without tags and with character references resolved.
    private static func plain(_ line: Substring) -> String {
        var text = String.UnicodeScalarView()
        var rest = line.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "<", let close = rest.prefix(256).firstIndex(of: ">") {
                rest = rest[rest.index(after: close)...]
            } else if scalar == "&", let stop = rest.prefix(6).firstIndex(of: ";"),
                let named = characterReferences[String(rest[..<stop])]
            {
                text.append(named)
                rest = rest[rest.index(after: stop)...]
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }
}
