// SPDX-License-Identifier: Apache-2.0

/// How line feeds are treated in text that a person reads.
package enum LineFeeds: Sendable {
    /// Line feeds are escaped like other controls, so that the text stays on one line.
    case escaped
    /// Line feeds are preserved; all other controls are escaped, carriage returns included.
    case preserved
}

extension StringProtocol {
    /// The text with control characters escaped, safe for a terminal, a log line or a page.
    ///
    /// C0 (escape and tab included), DEL, C1, the line and paragraph separators and the bidirectional controls become visible escapes
    /// such as `\u{1B}`; everything else is unchanged. All output for people goes through this function. It works on scalars, since the
    /// Character `"\r\n"` equals neither `"\r"` nor `"\n"`.
    package func printable(lineFeeds: LineFeeds = .escaped) -> String {
        guard unicodeScalars.contains(where: { $0.isControl }) else { return String(self) }
        var result = ""
        result.reserveCapacity(utf8.count + 16)
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += lineFeeds == .preserved ? "\n" : #"\n"#
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
    /// JSON text with control characters as JSON escapes, safe for a terminal; it encodes the same value.
    ///
    /// Encoders escape C0 only. Line feeds are preserved, since they are the layout of indented JSON.
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
    /// Whether a terminal or a text layout engine interprets this scalar instead of displaying it.
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
