/// A narration as captions see it: cleaned, and cut into pieces that no line ends within.
struct CaptionText {
    /// Some characters without the space after them, and how good it is to end there.
    struct Piece {
        let characters: Range<Int>
        let end: LineBreak
    }

    let graphemes: [Grapheme]
    private(set) var pieces: [Piece] = []
    /// Columns before each character, and of all.
    private var columns: [Int] = [0]
    /// Spaces before each character, and of all.
    private var spaces: [Int] = [0]
    /// Ends of sentences before each piece, and of all.
    private var sentences: [Int] = [0]

    init(_ text: String) {
        graphemes = Self.cleaned(text).map(Grapheme.init)
        for grapheme in graphemes {
            columns.append(columns[columns.count - 1] + grapheme.width)
            spaces.append(spaces[spaces.count - 1] + (grapheme.isSpace ? 1 : 0))
        }
        guard columns[graphemes.count] > 0 else { return }
        var start = 0
        for (index, end) in LineBreaks(graphemes).places.enumerated() where end != .never {
            pieces.append(Piece(characters: start..<(graphemes[index].isSpace ? index : index + 1), end: end))
            sentences.append(sentences[sentences.count - 1] + (end == .sentence ? 1 : 0))
            start = index + 1
        }
    }

    /// The characters of some pieces, but for the space after them.
    private func characters(_ range: Range<Int>) -> Range<Int> {
        pieces[range.lowerBound].characters.lowerBound..<pieces[range.upperBound - 1].characters.upperBound
    }

    /// Columns of some pieces on one line.
    func width(_ range: Range<Int>) -> Int {
        let characters = characters(range)
        return columns[characters.upperBound] - columns[characters.lowerBound]
    }

    /// Characters of some pieces.
    func count(_ range: Range<Int>) -> Int { characters(range).count }

    func string(_ range: Range<Int>) -> String { String(graphemes[characters(range)].map(\.character)) }

    /// Whether a sentence ends before the last of some pieces.
    func endsSentence(within range: Range<Int>) -> Bool {
        sentences[range.upperBound - 1] > sentences[range.lowerBound]
    }

    /// Whether some pieces are but one short word.
    func isOrphan(_ range: Range<Int>) -> Bool {
        let characters = characters(range)
        guard spaces[characters.upperBound] == spaces[characters.lowerBound] else { return false }
        return width(range) < (graphemes[characters.lowerBound].traits.contains(.dense) ? 9 : 20)
    }

    /// One space for each run of white space; no controls, and nothing that turns the direction of other text.
    private static func cleaned(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        var isSpaceDue = false
        for scalar in text.unicodeScalars where !Script.isDropped(scalar) {
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
