/// Words in formats that have no way to escape: SubRip files, and text tracks as players based on ffmpeg and libass read them.
///
/// SubRip has no standard. Players take `<String>` for a tag and drop it, take `{...}` for an override block and hide it, and take
/// `\N` for a line feed. An invisible scalar, the word joiner, after such a mark keeps them from it, and what is seen and spoken stays
/// the same. Nothing invisible keeps libass from a block in braces, so braces become their full-width forms.
enum SubRipText {
    private static let joiner: Unicode.Scalar = "\u{2060}"

    /// The lines of one cue as SubRip.
    static func escaped(_ lines: [String]) -> [String] {
        withoutBlocks(lines).map { line in
            var result = String.UnicodeScalarView()
            let scalars = Array(line.unicodeScalars)
            for (index, scalar) in scalars.enumerated() {
                result.append(scalar)
                if misleads(scalars, index) { result.append(joiner) }
            }
            return String(result)
        }
    }

    /// The lines of one cue as a text track: without what libass takes for an override block or a line feed.
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

    /// A line that was read, without the joiners that `escaped` put in.
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

    /// Whether a player may take what begins, or goes on, at a scalar for markup.
    private static func misleads(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        let next = index + 1 < scalars.count ? scalars[index + 1] : nil
        switch scalars[index] {
        // A tag: its name may follow after spaces, even on the next line.
        case "<": return next.map(\.isASCII) ?? true
        // An entity, which VLC resolves.
        case "&": return next.map { $0 == "#" || $0.properties.isAlphabetic && $0.isASCII } ?? false
        // An arrow: a line that looks like a cue's times begins another cue.
        case "-": return next == ">"
        default: return false
        }
    }
}
