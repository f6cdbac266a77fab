/// Captions as files that players read.
package enum CaptionFile {
    /// SubRip.
    package static func srt(_ cues: [CaptionCue]) -> String {
        let times = milliseconds(cues)
        return zip(cues, times).enumerated().map { number, entry in
            let (cue, time) = entry
            return "\(number + 1)\n\(clock(time.start, ",")) --> \(clock(time.end, ","))\n"
                + cue.lines.filter { !$0.isEmpty }.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    /// WebVTT.
    package static func vtt(_ cues: [CaptionCue]) -> String {
        let times = milliseconds(cues)
        return "WEBVTT\n"
            + zip(cues, times).map { cue, time in
                "\n\(clock(time.start, ".")) --> \(clock(time.end, "."))\n"
                    + cue.lines.filter { !$0.isEmpty }.map(escaped).joined(separator: "\n") + "\n"
            }.joined()
    }

    /// Reads either; what is no cue is passed over.
    package static func parse(_ text: String) -> [CaptionCue] {
        let isWebVTT = text.drop { $0 == "\u{FEFF}" }.hasPrefix("WEBVTT")
        var cues: [CaptionCue] = []
        var open: CaptionCue?
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if let times = times(String(line)) {
                open = CaptionCue(start: times.start, end: times.end, lines: [])
            } else if line.isEmpty {
                if let cue = open { cues.append(cue) }
                open = nil
            } else {
                open?.lines.append(isWebVTT ? unescaped(String(line)) : String(line))
            }
        }
        if let cue = open { cues.append(cue) }
        return cues
    }

    /// No cue begins before the one before it has ended.
    private static func milliseconds(_ cues: [CaptionCue]) -> [(start: Int, end: Int)] {
        var last = 0
        return cues.map { cue in
            let start = max(Int((cue.start * 1000).rounded()), last)
            let end = max(Int((cue.end * 1000).rounded()), start + 1)
            last = end
            return (start, end)
        }
    }

    private static func clock(_ time: Int, _ point: String) -> String {
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(count - text.count, 0)) + text
        }
        return "\(digits(time / 3_600_000, 2)):\(digits(time / 60_000 % 60, 2)):\(digits(time / 1000 % 60, 2))\(point)"
            + digits(time % 1000, 3)
    }

    private static func times(_ line: String) -> (start: Double, end: Double)? {
        let parts = line.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count >= 3, parts[1] == "-->", let start = seconds(parts[0]), let end = seconds(parts[2]) else {
            return nil
        }
        return (start, end)
    }

    private static func seconds(_ text: Substring) -> Double? {
        var seconds = 0.0
        for part in text.split(separator: ":") {
            guard let value = Double(part.map { $0 == "," ? "." : String($0) }.joined()) else { return nil }
            seconds = seconds * 60 + value
        }
        return text.contains(":") ? seconds : nil
    }

    private static let escapes: [(Character, String)] = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")]

    private static func escaped(_ line: String) -> String {
        line.map { character in escapes.first { $0.0 == character }?.1 ?? String(character) }.joined()
    }

    private static func unescaped(_ line: String) -> String {
        escapes.reversed().reduce(line) { text, escape in
            text.split(separator: escape.1, omittingEmptySubsequences: false).joined(separator: String(escape.0))
        }
    }
}
