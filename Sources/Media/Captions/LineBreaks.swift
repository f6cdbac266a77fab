/// How good it is to end a line or a caption after a character.
enum LineBreak: Int {
    case never
    /// Inside a word that is longer than a line.
    case forced
    /// Where a reader stumbles: after an article, or inside a run of Han or Thai.
    case tight
    case space
    /// Before a word that begins a phrase.
    case phrase
    case clause
    case sentence
}

/// The places of a text at which a line may end.
struct LineBreaks {
    /// Characters on either side of a place that are looked at.
    private static let reach = 12
    /// Characters of a piece, so that it can be read while a caption stays, even where they have no width.
    private static let longestPiece = Int(CaptionLimits.longest * CaptionLimits.readingSpeed)

    /// What may happen after each character.
    private(set) var places: [LineBreak]
    private let graphemes: [Grapheme]

    init(_ graphemes: [Grapheme]) {
        self.graphemes = graphemes
        places = [LineBreak](repeating: .never, count: graphemes.count)
        for index in graphemes.indices.dropLast() {
            places[index] = graphemes[index].isSpace ? atSpace(index) : inside(index)
        }
        if let last = graphemes.indices.last { places[last] = .sentence }
        breakLongWords()
    }

    private func traits(_ index: Int) -> Script.Traits { graphemes[index].traits }

    private func isSpace(_ index: Int) -> Bool { !graphemes.indices.contains(index) || graphemes[index].isSpace }

    private func atSpace(_ index: Int) -> LineBreak {
        let (before, next) = (index - 1, index + 1)
        // French keeps spaces within its punctuation.
        let closesAlone = traits(next).contains(.neverBegins) && !traits(next).contains(.neverEnds)
        if closesAlone, isSpace(next + 1) || traits(next + 1).contains(.neverBegins) { return .never }
        if traits(before).contains(.opens), isSpace(before - 1) { return .never }
        if let punctuation = punctuation(before: index) { return punctuation }
        let word = word(from: next)
        if Words.leanBack.contains(word) { return .tight }
        if Words.openers.contains(word) { return .phrase }
        return Words.leanOn.contains(self.word(endingAt: before)) ? .tight : .space
    }

    /// Between characters without a space.
    private func inside(_ index: Int) -> LineBreak {
        let (here, next) = (traits(index), traits(index + 1))
        if isSpace(index + 1) { return .never }
        if graphemes[index].character == "\u{200B}" { return .space }
        guard !next.contains(.neverBegins), !here.contains(.neverEnds) else { return .never }
        if graphemes[index].character == "—" { return isSpace(index - 1) ? .never : .clause }
        guard here.contains(.dense) || next.contains(.dense) else { return .never }
        if let punctuation = punctuation(before: index + 1) { return punctuation }
        // Japanese phrases end in hiragana.
        return here.contains(.hiragana) && !next.contains(.hiragana) ? .space : .tight
    }

    /// What ends before a place, as its punctuation says; `nil` where nothing does.
    private func punctuation(before place: Int) -> LineBreak? {
        var last = place - 1
        while last > max(place - Self.reach, 0),
            traits(last).contains(.closes) || (isSpace(last) && places[last] == .never)
        { last -= 1 }
        if traits(last).contains(.endsClause) { return .clause }
        guard traits(last).contains(.endsSentence) else { return nil }
        let next = graphemes[place...].prefix(Self.reach).first { $0.character.isLetter || $0.character.isNumber }
        let goesOn = next?.character.isLowercase == true
        if graphemes[last].character == ".", last > 0, graphemes[last - 1].character != "." {
            return goesOn || isShortForm(endingAt: last) ? nil : .sentence
        }
        // "Why?" he asked. 「なぜ？」と言った。
        if goesOn { return .clause }
        return last < place - 1 && traits(place).contains(.hiragana) ? .phrase : .sentence
    }

    /// Whether a full stop ends a short form, as in "Dr.", "J. S. Bach", "No. 5" or "am 3. Mai".
    private func isShortForm(endingAt stop: Int) -> Bool {
        let word = word(endingAt: stop - 1)
        if Words.abbreviations.contains(word) { return true }
        if word.allSatisfy(\.isNumber) { return word.count <= 2 && Words.months.contains(self.word(from: stop + 2)) }
        if Words.numbered.contains(word), !isSpace(stop + 2) { return graphemes[stop + 2].character.isNumber }
        // Initials, and forms like "U.S." and "z.B.", but neither "so do I." nor a syllable of Korean.
        let parts = word.split(separator: ".")
        return word != "i" && parts.allSatisfy { $0.count == 1 && $0.first?.isCased == true }
    }

    /// A short word in lower case, without the brackets and quotes before it.
    private func word(endingAt last: Int) -> String {
        guard last >= 0 else { return "" }
        let word = graphemes[max(last - Self.reach, 0)...last].map(\.character).split(separator: " ").last ?? []
        return String(word.drop { !$0.isLetter && !$0.isNumber }).lowercased()
    }

    /// A short word in lower case, up to what is no letter.
    private func word(from first: Int) -> String {
        guard first < graphemes.count else { return "" }
        let letters = graphemes[first...].prefix(Self.reach).prefix { $0.character.isLetter }
        return String(letters.map(\.character)).lowercased()
    }

    /// A word wider than a line ends after a hyphen, else where the line does.
    private mutating func breakLongWords() {
        var (start, width) = (0, 0)
        var hyphen: Int?
        for index in graphemes.indices {
            width += graphemes[index].width
            let isTooLong = width > CaptionLimits.columns || index - start >= Self.longestPiece
            if isTooLong, !graphemes[index].isSpace, index > start {
                let last = hyphen ?? index - 1
                places[last] = .forced
                start = last + 1
                width = graphemes[start...index].reduce(0) { $0 + $1.width }
                hyphen = nil
            }
            if "-/_‐".contains(graphemes[index].character), width > CaptionLimits.columns / 2 { hyphen = index }
            if places[index] != .never { (start, width, hyphen) = (index + 1, 0, nil) }
        }
    }
}
