/// What captions must know of the world's scripts.
enum Script {
    /// What a character means for the lines around it.
    struct Traits: OptionSet, Sendable {
        let rawValue: UInt8

        static let endsSentence = Traits(rawValue: 1)
        static let endsClause = Traits(rawValue: 2)
        /// May stand between a sentence's full stop and the next sentence.
        static let closes = Traits(rawValue: 4)
        static let opens = Traits(rawValue: 8)
        static let neverBegins = Traits(rawValue: 16)
        static let neverEnds = Traits(rawValue: 32)
        /// Of a script that is written without spaces between words.
        static let dense = Traits(rawValue: 64)
        static let hiragana = Traits(rawValue: 128)
    }

    static func traits(of character: Character) -> Traits {
        let scalars = character.unicodeScalars
        guard let first = scalars.first, let last = scalars.last else { return [] }
        var traits = marks[first] ?? []
        switch first.value {
        case 0x3041...0x309F: traits.formUnion([.dense, .hiragana])
        case 0x2E80...0x2FFF, 0x3003...0x3007, 0x3012, 0x3020...0x303E, 0x30A0...0x312F, 0x31A0...0x9FFF,
            0xA000...0xA4CF, 0xF900...0xFAFF, 0x1B000...0x1B2FF, 0x20000...0x3FFFD,
            0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0xFF65...0xFF9F:
            traits.insert(.dense)
        case 0x3001...0x3002, 0x3008...0x3011, 0x3014...0x301F, 0xFF01...0xFF64: traits.insert(.dense)
        default: break
        }
        // A sign that stacks the letter after it: Burmese virama, Khmer coeng.
        if last.value == 0x1039 || last.value == 0x17D2 { traits.insert(.neverEnds) }
        return traits
    }

    /// Columns: two for the wide characters of East Asia and for emoji, none for what only joins or marks.
    static func width(_ character: Character) -> Int {
        var columns = 0
        for scalar in character.unicodeScalars {
            // A picture in colour, whatever joins in it.
            if scalar.value == 0xFE0F || scalar.value > 0xFF && scalar.properties.isEmojiPresentation { return 2 }
            columns += width(scalar)
        }
        return min(columns, CaptionLimits.columns)
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20..<0x7F: return 1
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF,
            0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            return scalar.properties.generalCategory == .nonspacingMark ? 0 : 2
        case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0  // vowels and finals of a Hangul syllable
        case 0x0600...0x0605, 0x06DD, 0x08E2: return 1  // Arabic signs that enclose numbers
        default:
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format, .control: return 0
            default: return 1
            }
        }
    }

    /// Controls, byte order marks and soft hyphens, and all that embeds, isolates or overrides a direction.
    static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x202A...0x202E, 0x2066...0x2069, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
        default: scalar.properties.generalCategory == .control && !scalar.properties.isWhitespace
        }
    }

    private static let marks: [Unicode.Scalar: Traits] = {
        let lists: [(String, Traits)] = [
            (".!?…。！？｡．؟۔।॥։።፧။។៕", [.endsSentence, .neverBegins]),
            (",;:–—、，；：､،؛፣၊", [.endsClause, .neverBegins]),
            (")]}’”›»」』】）〉》〕〗］｝｣", [.closes, .neverBegins]),
            ("\"'", [.closes, .neverBegins, .neverEnds]),
            // German closes with what English and French open with.
            ("“‘«‹", [.closes, .opens, .neverEnds]),
            ("([{„‚「『【（〈《〔〖［｛｢¿¡", [.opens, .neverEnds]),
            ("$€£¥￥₹#№", [.neverEnds]),
            ("%‰°‥ー々〻ゝゞヽヾ・･゛゜～〜゠ﾞﾟｰ", [.neverBegins]),
            ("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿｧｨｩｪｫｬｭｮｯ", [.neverBegins]),
            // Thai and Lao vowels before and after their consonant, signs of repetition and of abbreviation.
            ("เแโใไເແໂໃໄ", [.neverEnds]),
            ("ะาำๅๆฯະາຳຽໆຯៗ", [.neverBegins]),
            // Whatever joins.
            ("\u{200D}\u{2060}", [.neverBegins, .neverEnds]),
        ]
        var marks: [Unicode.Scalar: Traits] = [:]
        for (characters, traits) in lists {
            for scalar in characters.unicodeScalars { marks[scalar, default: []].formUnion(traits) }
        }
        return marks
    }()
}
