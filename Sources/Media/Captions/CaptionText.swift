/// A narration as captions see it: characters, their widths, and the places where a line or a caption may end.
struct CaptionText {
    /// How good it is to end after a character.
    enum Break: Int, Comparable {
        case never
        /// Inside a word that is longer than a line.
        case forced
        case space
        /// Before a word that begins a phrase.
        case phrase
        case clause
        case sentence

        static func < (left: Break, right: Break) -> Bool { left.rawValue < right.rawValue }
    }

    private(set) var characters: [Character] = []
    /// What may happen after each character.
    private(set) var breaks: [Break] = []
    /// Columns of all characters before each one, and of all.
    private(set) var columns: [Int] = [0]

    init(_ text: String) {
        characters = Self.normalised(text)
        for character in characters { columns.append(columns[columns.count - 1] + Script.width(character)) }
        breaks = [Break](repeating: .never, count: characters.count)
        for index in characters.indices { breaks[index] = self.break(after: index) }
        if let last = characters.indices.last { breaks[last] = .sentence }
        forceBreaks()
    }

    /// Columns of a stretch without the spaces at its ends.
    func width(_ range: Range<Int>) -> Int {
        let range = trimmed(range)
        return columns[range.upperBound] - columns[range.lowerBound]
    }

    func text(_ range: Range<Int>) -> String { String(characters[trimmed(range)]) }

    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, characters[low] == " " { low += 1 }
        while high > low, characters[high - 1] == " " { high -= 1 }
        return low..<high
    }

    /// One space for each run of white space; no controls, nothing that turns the direction of other text.
    private static func normalised(_ text: String) -> [Character] {
        var scalars = String.UnicodeScalarView()
        var isSpace = true
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                if !isSpace { scalars.append(" ") }
                isSpace = true
                continue
            }
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: continue
            default:
                scalars.append(scalar)
                isSpace = false
            }
        }
        if scalars.last == " " { scalars.removeLast() }
        return Array(String(scalars))
    }

    private func `break`(after index: Int) -> Break {
        let (here, next) = (characters[index], index + 1 < characters.count ? characters[index + 1] : " ")
        guard here == " " else {
            let isDense = Script.breaksAnywhere(here) || Script.breaksAnywhere(next)
            guard isDense, next != " ", !Script.neverBegins(next), !Script.neverEnds(here) else { return .never }
            if Script.endsSentence(here) { return .sentence }
            return Script.endsClause(here) ? .clause : .space
        }
        var before = index - 1
        while before > 0, Script.closes(characters[before]) { before -= 1 }
        guard before >= 0 else { return .space }
        if Script.endsSentence(characters[before]), !isAbbreviation(endingAt: before) { return .sentence }
        if Script.endsClause(characters[before]) { return .clause }
        return Script.opensPhrase(word(from: index + 1)) ? .phrase : .space
    }

    private func word(from start: Int) -> String {
        String(characters[start...].prefix(8).prefix { $0 != " " }).lowercased()
    }

    /// Whether a full stop ends a short form, as in "Dr." or "J. S. Bach".
    private func isAbbreviation(endingAt stop: Int) -> Bool {
        guard characters[stop] == "." else { return false }
        let word = characters[..<stop].reversed().prefix(6).prefix { $0 != " " }.reversed()
        return word.count == 1 && word.first?.isLetter == true
            || Script.abbreviations.contains(String(word).lowercased())
    }

    /// A word wider than a line ends where the line does.
    private mutating func forceBreaks() {
        var start = 0
        for index in characters.indices {
            if characters[index] != " ", columns[index + 1] - columns[start] > CaptionLayout.columns, index > start {
                breaks[index - 1] = .forced
                start = index
            }
            if breaks[index] != .never { start = index + 1 }
        }
    }
}
