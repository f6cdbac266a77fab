// SPDX-License-Identifier: Apache-2.0

/// The title of a segment's chapter: the first words of what is said in it, or of what it shows.
///
/// ```swift
/// ChapterTitle.text(narration: "The harbour wakes before the sun does, and all its boats.", guidance: nil, id: "seg_1")
/// // "The harbour wakes before the sun does…"
/// ```
package enum ChapterTitle {
    /// The maximum length in characters, the ellipsis excluded.
    package static let maximumLength = 40

    /// The characters of a text that are read at most, white space included.
    private static let maximumReading = 8 * maximumLength

    /// - Parameters:
    ///   - narration: The spoken text.
    ///   - guidance: What the picture shows; used if there is no spoken text.
    ///   - id: The segment's id; used if there is neither.
    package static func text(narration: String?, guidance: String? = nil, id: String) -> String {
        firstWords(of: narration ?? "") ?? firstWords(of: guidance ?? "") ?? id
    }

    /// Reads no more of the text than the title needs: views of a thousand segments are made often.
    ///
    /// - Returns: `nil` for a text without words.
    private static func firstWords(of text: String) -> String? {
        var (title, word) = ("", "")
        var (length, wordLength) = (0, 0)
        for (index, character) in text.enumerated() {
            if index == maximumReading { return cut(title.isEmpty ? word : title) }
            if character.isWhitespace {
                if wordLength > 0 { (title, length) = joined(title, length, word, wordLength) }
                (word, wordLength) = ("", 0)
            } else if character.unicodeScalars.first?.properties.generalCategory != .control {
                let space = length > 0 ? 1 : 0
                if length + space + wordLength == maximumLength { return cut(length > 0 ? title : word) }
                word.append(character)
                wordLength += 1
            }
        }
        if wordLength > 0 { (title, length) = joined(title, length, word, wordLength) }
        return length > 0 ? title : nil
    }

    private static func joined(_ title: String, _ length: Int, _ word: String, _ wordLength: Int) -> (String, Int) {
        length > 0 ? ("\(title) \(word)", length + 1 + wordLength) : (word, wordLength)
    }

    /// - Returns: the title with an ellipsis in place of its last punctuation; `nil` if it is empty.
    private static func cut(_ title: String) -> String? {
        var title = title
        while let last = title.last, title.count > 1, last.isPunctuation { title.removeLast() }
        return title.isEmpty ? nil : title + "…"
    }
}
