// SPDX-License-Identifier: Apache-2.0

// Cleans up settings as people paste them and tools write them: with a line end, in quotes, with a byte order mark.

extension StringProtocol {
    /// The value of a setting without surrounding white space, line ends, byte order marks, zero-width spaces and one pair of quotes.
    ///
    /// ```swift
    /// "\"AKIAEXAMPLE\"\r\n".strippedSetting()  // AKIAEXAMPLE
    /// ```
    package func strippedSetting() -> String {
        let text = unicodeScalars.trimmed
        guard let first = text.first, first == "\"" || first == "'", text.count > 1, text.last == first else {
            return String(text)
        }
        let inside = text.dropFirst().dropLast()
        return String(inside.contains(first) ? text : inside.trimmed)
    }

    /// Why the text is not a valid key or token, which is one word of visible ASCII. Never quotes the text.
    ///
    /// - Parameter allowsSpaces: whether the text may contain spaces.
    /// - Returns: `nil` if the text is valid.
    package func invalidTokenReason(allowsSpaces: Bool = false) -> String? {
        for (index, scalar) in unicodeScalars.enumerated() {
            let fault: String
            switch scalar.value {
            case 0x21...0x7E: continue
            case 0x20: if allowsSpaces { continue } else { fault = "a space" }
            case 0x0A, 0x0D: fault = "a line end"
            case 0x80...: fault = "not ASCII"
            default: fault = "a control character"
            }
            return "character \(index + 1) is \(fault)"
        }
        return nil
    }
}

extension BidirectionalCollection where Element == Unicode.Scalar {
    fileprivate var trimmed: Substring.UnicodeScalarView {
        var result = Substring.UnicodeScalarView()
        guard let start = firstIndex(where: { !$0.isPadding }), let end = lastIndex(where: { !$0.isPadding }) else {
            return result
        }
        result.append(contentsOf: self[start...end])
        return result
    }
}

extension Unicode.Scalar {
    fileprivate var isPadding: Bool {
        switch value {
        // Zero-width space, word joiner, byte order mark.
        case 0x200B, 0x2060, 0xFEFF, 0x00: true
        default: properties.isWhitespace
        }
    }
}
