// SPDX-License-Identifier: Apache-2.0

/// A cleaned narration, divided into pieces within which no line may end.
struct CaptionText {
    /// Characters without the space that follows them, and how suitable their end is for a break.
    struct Piece {
        let characters: Range<Int>
        let end: LineBreak
    }

    let graphemes: [Grapheme]
    private(set) var pieces: [Piece] = []
    /// Prefix sums of columns: those before each character, and the total.
    private var columns: [Int] = [0]
    /// Prefix sums of spaces: those before each character, and the total.
    private var spaces: [Int] = [0]
    /// Prefix sums of sentence ends: those before each piece, and the total.
    private var sentences: [Int] = [0]

    init(_ text: String) {
        graphemes = Grapheme.all(of: Self.cleaned(text))
        for grapheme in graphemes {
            columns.append(columns[columns.count - 1] + grapheme.width)
            spaces.append(spaces[spaces.count - 1] + (grapheme.isSpace ? 1 : 0))
        }
        guard columns[graphemes.count] > 0 else { return }
        var start = 0
        for (index, end) in BreakOpportunities(graphemes).breaks.enumerated() where end != .never {
            pieces.append(Piece(characters: start..<(graphemes[index].isSpace ? index : index + 1), end: end))
            sentences.append(sentences[sentences.count - 1] + (end == .sentence ? 1 : 0))
            start = index + 1
        }
    }

    /// Characters of a range of pieces, without the space after the last one.
    private func characters(_ range: Range<Int>) -> Range<Int> {
        pieces[range.lowerBound].characters.lowerBound..<pieces[range.upperBound - 1].characters.upperBound
    }

    /// Columns of a range of pieces on one line.
    func width(_ range: Range<Int>) -> Int {
        let characters = characters(range)
        return columns[characters.upperBound] - columns[characters.lowerBound]
    }

    /// Number of characters of a range of pieces.
    func count(_ range: Range<Int>) -> Int { characters(range).count }

    func string(_ range: Range<Int>) -> String { String(graphemes[characters(range)].map(\.character)) }

    /// Whether a sentence ends before the last piece of a range.
    func endsSentence(within range: Range<Int>) -> Bool {
        sentences[range.upperBound - 1] > sentences[range.lowerBound]
    }

    /// Whether a range of pieces is a single short word.
    func isOrphan(_ range: Range<Int>) -> Bool {
        let characters = characters(range)
        guard spaces[characters.upperBound] == spaces[characters.lowerBound] else { return false }
        return width(range) < (graphemes[characters.lowerBound].first.isDense ? 9 : 20)
    }

    /// Collapses white space, and removes control characters and directional controls that would affect other text.
    private static func cleaned(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        var isSpaceDue = false
        for scalar in text.unicodeScalars where !WritingSystem.isDropped(scalar) {
            if scalar.properties.isWhitespace {
                isSpaceDue = !scalars.isEmpty
            } else {
                if isSpaceDue { scalars.append(" ") }
                isSpaceDue = false
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
