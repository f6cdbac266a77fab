// SPDX-License-Identifier: Apache-2.0

/// Writes captions as SubRip and WebVTT files.
package enum CaptionFile {
    /// SubRip text. Sequences that players would interpret as markup are neutralised, see `SubRipText`.
    package static func srt(_ cues: [CaptionCue]) -> String {
        entries(cues).enumerated().map { number, entry in
            "\(number + 1)\n\(clock(entry.start, ",")) --> \(clock(entry.end, ","))\n"
                + SubRipText.escaped(entry.lines).joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    /// WebVTT text.
    package static func vtt(_ cues: [CaptionCue]) -> String {
        "WEBVTT\n"
            + entries(cues).map { entry in
                "\n\(clock(entry.start, ".")) --> \(clock(entry.end, "."))\n"
                    + entry.lines.map(escaped).joined(separator: "\n") + "\n"
            }.joined()
    }

    private struct Entry {
        /// Milliseconds.
        var start: Int
        /// Milliseconds.
        var end: Int
        /// Lines that contain text.
        var lines: [String]
    }

    /// The entries to write, without empty cues and without overlaps.
    private static func entries(_ cues: [CaptionCue]) -> [Entry] {
        var entries: [Entry] = []
        for cue in cues {
            let lines = cue.lines.flatMap { $0.split(whereSeparator: \.isNewline) }.map(String.init)
                .filter { !$0.allSatisfy(\.isWhitespace) }
            guard !lines.isEmpty else { continue }
            var start = milliseconds(cue.start)
            if let last = entries.last, start < last.end {
                // The earlier cue ends early. If both start at the same time, the later one starts late.
                if start > last.start { entries[entries.count - 1].end = start } else { start = last.end }
            }
            entries.append(Entry(start: start, end: max(milliseconds(cue.end), start + 1), lines: lines))
        }
        return entries
    }

    /// Milliseconds of a time, clamped to the clock's range of less than 100 hours.
    private static func milliseconds(_ seconds: Double) -> Int {
        seconds.isNaN ? 0 : Int((min(max(seconds, 0), 359_999) * 1000).rounded())
    }

    private static func clock(_ time: Int, _ point: String) -> String {
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(count - text.count, 0)) + text
        }
        return "\(digits(time / 3_600_000, 2)):\(digits(time / 60_000 % 60, 2)):\(digits(time / 1000 % 60, 2))\(point)"
            + digits(time % 1000, 3)
    }

    /// Escapes WebVTT text. Works on scalars: a combining mark on a bracket does not hide it from parsers.
    private static func escaped(_ line: String) -> String {
        var escaped = ""
        for scalar in line.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
