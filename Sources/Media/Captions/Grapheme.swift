// SPDX-License-Identifier: Apache-2.0

/// A character of a narration and its properties for display and line breaking.
struct Grapheme {
    let character: Character
    /// The scalar that determines the writing system.
    let first: Unicode.Scalar
    /// Columns.
    let width: Int
    /// Whether the rules of the writing system allow a line to end after the character.
    let allowsLineBreak: Bool

    /// The characters of a text.
    static func all(of text: String) -> [Grapheme] {
        let positions = UnicodeBreakOpportunities.positions(in: text)
        var end = 0
        return text.map { character in
            let scalars = character.unicodeScalars
            end += scalars.count
            return Grapheme(
                character: character, first: scalars[scalars.startIndex], width: WritingSystem.width(character),
                allowsLineBreak: positions[end])
        }
    }

    var isSpace: Bool { character == " " }
}
