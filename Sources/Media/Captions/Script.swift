/// What captions must know of the world's scripts.
enum Script {
    /// Columns: two for the wide characters of East Asia and for emoji, none for what only joins or marks.
    static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        case 0x200B...0x200F, 0x2060: return 0
        default: return scalar.properties.generalCategory == .nonspacingMark ? 0 : 1
        }
    }

    /// Scripts that are written without spaces between words.
    static func breaksAnywhere(_ character: Character) -> Bool {
        guard let scalar = character.unicodeScalars.first else { return false }
        switch scalar.value {
        case 0x2E80...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF00...0xFFEF, 0x20000...0x3FFFD,
            0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF:
            return true
        default: return false
        }
    }

    static func neverBegins(_ character: Character) -> Bool {
        closing.contains(character) || closes(character) || endsSentence(character) || endsClause(character)
    }

    static func neverEnds(_ character: Character) -> Bool { opening.contains(character) }
    static func closes(_ character: Character) -> Bool { closers.contains(character) }
    static func endsSentence(_ character: Character) -> Bool { enders.contains(character) }
    static func endsClause(_ character: Character) -> Bool { pauses.contains(character) }
    static func opensPhrase(_ word: String) -> Bool { openers.contains(word) }

    private static let enders = Set<Character>(".!?…。！？؟۔।॥։።")
    private static let pauses = Set<Character>(",;:—–、，；：،؛")
    private static let closers = Set<Character>("\"'”’»›)]}」』】）〉》〕］｝")
    private static let opening = Set<Character>("([{“‘«‹「『【（〈《〔［｛¿¡")
    private static let closing = Set<Character>("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞヽヾ・゛゜%‥")

    /// Words that begin a phrase in the languages most often narrated.
    private static let openers: Set<String> = [
        "and", "or", "but", "nor", "so", "because", "while", "when", "where", "which", "who", "that", "if", "as",
        "than",
        "to", "of", "in", "on", "at", "by", "for", "from", "with", "into", "over", "under", "through", "until", "after",
        "before", "und", "oder", "aber", "denn", "weil", "wenn", "dass", "der", "die", "das", "mit", "von", "aus",
        "auf",
        "für", "bei", "nach", "vor", "über", "unter", "zu", "et", "ou", "mais", "donc", "que", "qui", "dans", "sur",
        "avec",
        "pour", "par", "y", "o", "pero", "porque", "cuando", "con", "en", "para", "por", "e", "ma", "che", "per", "di",
    ]

    static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "no", "nr", "z.b", "bzw", "u.a", "d.h", "usw",
        "ca", "jr", "sr", "p.m", "a.m",
    ]
}
