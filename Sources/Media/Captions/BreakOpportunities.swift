// SPDX-License-Identifier: Apache-2.0

/// The positions of a text at which a line may end.
struct BreakOpportunities {
    /// Characters examined on either side of a position.
    private static let lookAround = 12
    /// Maximum characters of a piece, so that it can be read in time even if its characters have no width.
    // trusted: constants
    private static let maximumPieceLength = Int(CaptionLimits.maximumDuration * CaptionLimits.readingSpeed)

    /// The break allowed after each character.
    private(set) var breaks: [LineBreak]
    private let graphemes: [Grapheme]

    init(_ graphemes: [Grapheme]) {
        self.graphemes = graphemes
        breaks = [LineBreak](repeating: .never, count: graphemes.count)
        for index in graphemes.indices.dropLast() {
            breaks[index] = graphemes[index].isSpace ? breakAtSpace(index) : breakWithoutSpace(index)
        }
        if let last = graphemes.indices.last { breaks[last] = .sentence }
        breakLongWords()
    }

    private func isSpace(_ index: Int) -> Bool { !graphemes.indices.contains(index) || graphemes[index].isSpace }

    private func breakAtSpace(_ index: Int) -> LineBreak {
        guard graphemes[index].allowsLineBreak else { return .never }
        if let punctuation = punctuation(before: index) { return punctuation }
        // Spaces of Thai, Lao, Khmer and Burmese are between clauses.
        if graphemes[index - 1].first.needsDictionary, graphemes[index + 1].first.needsDictionary { return .clause }
        let word = word(from: index + 1)
        if WordLists.boundToPrevious.contains(word) { return .tight }
        if WordLists.phraseStarters.contains(word) { return .phrase }
        return WordLists.boundToNext.contains(self.word(endingAt: index - 1)) ? .tight : .space
    }

    /// The break between two characters without a space.
    private func breakWithoutSpace(_ index: Int) -> LineBreak {
        let (current, next) = (graphemes[index], graphemes[index + 1])
        guard current.allowsLineBreak else { return endsSyllable(index) ? .forced : .never }
        if current.character == "—" { return .clause }
        // Not within addresses, words with hyphens and words of Korean, which Unicode allows too.
        if current.first.properties.isDash || current.character.isASCII && !next.first.isDense { return .never }
        if current.first.isHangul || next.first.isHangul { return .never }
        if let punctuation = punctuation(before: index + 1) { return punctuation }
        if WordLists.phraseStarters.contains(word(from: index + 1)) { return .phrase }
        // Khmer marks words by invisible spaces. Japanese phrases end in hiragana.
        let endsWord = current.character == "\u{200B}" || current.first.isHiragana && !next.first.isHiragana
        return endsWord ? .space : .tight
    }

    /// The break that punctuation before a position allows; `nil` without punctuation.
    private func punctuation(before position: Int) -> LineBreak? {
        var last = position - 1
        while last > max(position - Self.lookAround, 0),
            graphemes[last].first.closes || (isSpace(last) && breaks[last] == .never)
        { last -= 1 }
        guard graphemes[last].first.endsSentence else { return graphemes[last].first.endsClause ? .clause : nil }
        let next = graphemes[position...].prefix(Self.lookAround).first {
            $0.character.isLetter || $0.character.isNumber
        }
        let continuesInLowercase = next?.character.isLowercase == true
        if graphemes[last].character == ".", last > 0, graphemes[last - 1].character != "." {
            return continuesInLowercase || isAbbreviation(endingAt: last) ? nil : .sentence
        }
        // "Why?" he asked. 「なぜ？」と言った。
        if continuesInLowercase { return .clause }
        return last < position - 1 && graphemes[position].first.isHiragana ? .phrase : .sentence
    }

    /// Whether a full stop belongs to an abbreviation, as in "Dr.", "J. S. Bach", "No. 5" or "am 3. Mai".
    private func isAbbreviation(endingAt stop: Int) -> Bool {
        let word = word(endingAt: stop - 1)
        if WordLists.abbreviations.contains(word) { return true }
        if word.allSatisfy(\.isNumber) {
            return word.count <= 2 && WordLists.months.contains(self.word(from: stop + 2))
        }
        if WordLists.numberAbbreviations.contains(word), !isSpace(stop + 2) {
            return graphemes[stop + 2].character.isNumber
        }
        // Initials, and abbreviations such as "U.S." and "z.B.", but neither "so do I." nor a Korean syllable.
        let parts = word.split(separator: ".")
        return word != "i" && parts.allSatisfy { $0.count == 1 && $0.first?.isCased == true }
    }

    /// The word that ends at a position, in lower case and without opening brackets and quotes. Long words are cut.
    private func word(endingAt last: Int) -> String {
        guard last >= 0 else { return "" }
        let word = graphemes[max(last - Self.lookAround, 0)...last].map(\.character).split(separator: " ").last ?? []
        return String(word.drop { !$0.isLetter && !$0.isNumber }).lowercased()
    }

    /// The word that starts at a position, in lower case, up to the first non-letter or break. Long words are cut.
    private func word(from first: Int) -> String {
        var word = ""
        for grapheme in graphemes.dropFirst(first).prefix(Self.lookAround) {
            guard grapheme.character.isLetter else { break }
            word.append(grapheme.character)
            if grapheme.allowsLineBreak { break }
        }
        return word.lowercased()
    }

    /// Whether a syllable of Lao, Khmer or Burmese may end: not before its vowel or the consonant below it.
    private func endsSyllable(_ index: Int) -> Bool {
        let (current, next) = (graphemes[index], graphemes[index + 1].first)
        guard current.first.lacksDictionary, next.lacksDictionary else { return false }
        let isStacked = ["\u{1039}", "\u{17D2}"].contains(current.character.unicodeScalars.last)
        return !isStacked && !current.first.properties.isLogicalOrderException
            && next.properties.generalCategory != .spacingMark && !["ະ", "າ"].contains(next)
    }

    /// Breaks words wider than a line: after a hyphen if there is one, else at the end of the line.
    private mutating func breakLongWords() {
        var (start, width) = (0, 0)
        for index in graphemes.indices {
            width += graphemes[index].width
            while width > CaptionLimits.columns || index - start >= Self.maximumPieceLength {
                guard !graphemes[index].isSpace, index > start else { break }
                let nearby = max(start, index - CaptionLimits.columns / 2)..<index
                let last = nearby.last { graphemes[$0].allowsLineBreak } ?? index - 1
                breaks[last] = .forced
                start = last + 1
                width = graphemes[start...index].reduce(0) { $0 + $1.width }
            }
            if breaks[index] != .never { (start, width) = (index + 1, 0) }
        }
    }
}
