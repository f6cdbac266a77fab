// SPDX-License-Identifier: Apache-2.0

/// Text in formats without escaping: SubRip files, and text tracks as read by players based on FFmpeg and libass.
///
/// SubRip has no standard. Players drop `<String>` as a tag, hide `{...}` as an override block, and show `\N` as a line
/// feed. An invisible word joiner after such a character prevents this, and what is seen and spoken stays the same. No
/// invisible character prevents a block in braces, so braces become their full-width forms.
enum SubRipText {
    private static let joiner: Unicode.Scalar = "\u{2060}"

    /// The lines of a cue, safe for SubRip.
    static func escaped(_ lines: [String]) -> [String] {
        withoutBlocks(lines).map { line in
            var result = String.UnicodeScalarView()
            let scalars = Array(line.unicodeScalars)
            for (index, scalar) in scalars.enumerated() {
                result.append(scalar)
                if startsMarkup(scalars, index) { result.append(joiner) }
            }
            return String(result)
        }
    }

    /// The lines of a cue for a text track, without sequences that libass reads as override blocks or line feeds.
    static func withoutBlocks(_ lines: [String]) -> [String] {
        let opens = lines.contains { $0.unicodeScalars.contains("{") }
        return lines.map { line in
            var result = String.UnicodeScalarView()
            var isAfterBackslash = false
            for scalar in line.unicodeScalars where isWritten(scalar) {
                if isAfterBackslash, ["n", "N", "h"].contains(scalar) { result.append(joiner) }
                isAfterBackslash = scalar == "\\"
                switch scalar {
                case "{" where opens: result.append("\u{FF5B}")
                case "}" where opens: result.append("\u{FF5D}")
                default: result.append(scalar)
                }
            }
            return String(result)
        }
    }

    /// A parsed line, without the joiners that `escaped` added.
    static func plain(_ line: Substring) -> String {
        var result = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            if scalar == joiner, let last = result.last, ["<", "&", "\\", "-"].contains(last) { continue }
            result.append(scalar)
        }
        return String(result)
    }

    /// Control characters are not written: some end a text, others its cue.
    private static func isWritten(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: true
        case 0..<0x20, 0x7F..<0xA0, 0xFEFF: false
        default: true
        }
    }

    /// Whether a player may read what starts, or continues, at a scalar as markup.
    private static func startsMarkup(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        let next = index + 1 < scalars.count ? scalars[index + 1] : nil
        switch scalars[index] {
        // A tag; its name may follow after spaces, even on the next line.
        case "<": return next.map(\.isASCII) ?? true
        // An entity, which VLC resolves.
        case "&": return next.map { $0 == "#" || $0.properties.isAlphabetic && $0.isASCII } ?? false
        // An arrow: a line that looks like a timing line starts another cue.
        case "-": return next == ">"
        default: return false
        }
    }
}
