/// What happens to line feeds in a text that a person reads.
package enum LineBreaks: Sendable {
    /// They are escaped like other controls: the text stays on one line.
    case escaped
    /// Line feeds stay; all other controls are escaped, carriage returns too.
    case kept
}

extension StringProtocol {
    /// The text as it may reach a terminal, a log line or a page: nothing in it controls the reader's device.
    ///
    /// Control characters (C0 including escape and tab, DEL, C1), the line and paragraph separators and the controls of
    /// bidirectional text become visible escapes such as `\u{1B}`; everything else stays. This is the one function for all output
    /// that a person reads. It works on scalars, since the Character `"\r\n"` equals neither `"\r"` nor `"\n"`.
    package func printable(lineBreaks: LineBreaks = .escaped) -> String {
        guard unicodeScalars.contains(where: { $0.isControl }) else { return String(self) }
        var result = ""
        result.reserveCapacity(utf8.count + 16)
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += lineBreaks == .kept ? "\n" : #"\n"#
            case "\r": result += #"\r"#
            case "\t": result += #"\t"#
            case _ where scalar.isControl: result += #"\u{"# + String(scalar.value, radix: 16, uppercase: true) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension StringProtocol {
    /// JSON text as it may reach a terminal: the same value, with every control inside a string as a JSON escape.
    ///
    /// Encoders escape C0 only. Line feeds stay, since they are the layout of indented JSON.
    package func printableJSON() -> String {
        guard unicodeScalars.contains(where: { $0.isControl }) else { return String(self) }
        var result = ""
        result.reserveCapacity(utf8.count + 16)
        for scalar in unicodeScalars {
            if scalar.isControl, scalar != "\n" {
                let digits = String(scalar.value, radix: 16)
                result += #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Whether a terminal or a text layout engine acts on this scalar instead of showing it.
    fileprivate var isControl: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F: true
        // Arabic letter mark, left-to-right and right-to-left marks, embeddings, overrides and isolates.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        // Line and paragraph separator.
        case 0x2028, 0x2029: true
        default: false
        }
    }
}
