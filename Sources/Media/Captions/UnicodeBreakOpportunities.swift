// SPDX-License-Identifier: Apache-2.0

import CPango

/// The positions at which Unicode (UAX 14), and in Thai a dictionary, allows a line to end.
enum UnicodeBreakOpportunities {
    /// - Returns: Whether a line may end before each scalar of a text, and at its end.
    static func positions(in text: String) -> [Bool] {
        let scalars = [" "] + text.unicodeScalars + [" "]
        let marked = scalars.indices.dropFirst().dropLast().map {
            directed(scalars[$0], after: scalars[$0 - 1], before: scalars[$0 + 1])
        }
        let text = String(String.UnicodeScalarView(marked))
        var attributes = [PangoLogAttr](repeating: PangoLogAttr(), count: marked.count + 1)
        // No language: it does not change the line breaks, and a text may mix languages.
        pango_get_log_attrs(
            text, Int32(clamping: text.utf8.count), -1, nil, &attributes, Int32(clamping: attributes.count))
        return attributes.map { $0.is_line_break != 0 }
    }

    /// Replaces a mark by a bracket if the characters around it show whether it opens or closes. Pango 1.50 ignores them,
    /// and so separates French quotation marks from their text, for example.
    private static func directed(
        _ mark: Unicode.Scalar, after previous: Unicode.Scalar, before next: Unicode.Scalar
    ) -> Unicode.Scalar {
        let isAlone = previous == " " && next == " "
        switch mark.properties.generalCategory {
        // « Oui », “是”
        case .initialPunctuation where next.isDense || next == " " && [" ", "(", "’"].contains(previous): return "「"
        case .finalPunctuation where previous.isDense || previous == " " && !next.isWord: return "」"
        // A dash ends a line, unless it starts a word as in Spanish dialogue.
        case .dashPunctuation where isAlone: return "」"
        case .dashPunctuation where mark == "—": return previous == " " ? "「" : "」"
        // 35 %, and the repetition marks of Thai, Lao and Khmer.
        case .otherPunctuation where mark == "%" && previous == " " && !next.isWord: return "」"
        case .modifierLetter where isAlone: return "」"
        default: return mark
        }
    }
}
