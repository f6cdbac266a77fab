// SPDX-License-Identifier: Apache-2.0

import CPango

extension Unicode.Scalar {
    /// Whether it takes two columns: characters of East Asia, and emoji.
    var isWide: Bool { g_unichar_iswide(value) != 0 }

    var isHangul: Bool { g_unichar_get_script(value) == G_UNICODE_SCRIPT_HANGUL }

    var isHiragana: Bool { g_unichar_get_script(value) == G_UNICODE_SCRIPT_HIRAGANA }

    /// Whether its writing system has spaces between clauses only: Thai, Lao, Khmer, Burmese.
    var needsDictionary: Bool { g_unichar_break_type(value) == G_UNICODE_BREAK_COMPLEX_CONTEXT }

    /// Whether Pango has no dictionary for its writing system.
    var lacksDictionary: Bool { needsDictionary && g_unichar_get_script(value) != G_UNICODE_SCRIPT_THAI }

    /// Whether its writing system has no spaces between words.
    var isDense: Bool { isWide && !isHangul || needsDictionary }

    /// Whether it is a letter or a number.
    var isWord: Bool { properties.isAlphabetic || properties.numericType != nil }

    /// Whether it ends a sentence. Unicode's data includes the comma of Burmese.
    var endsSentence: Bool { properties.isSentenceTerminal && self != "၊" || self == "…" }

    var endsClause: Bool { properties.isTerminalPunctuation || self == "–" || self == "—" }

    /// Whether it may follow the full stop of a sentence before the next sentence starts.
    var closes: Bool { properties.isQuotationMark || properties.generalCategory == .closePunctuation }
}
