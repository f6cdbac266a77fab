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

    /// - Parameters:
    ///   - narration: The spoken text.
    ///   - guidance: What the picture shows; used if there is no spoken text.
    ///   - id: The segment's id; used if there is neither.
    package static func text(narration: String?, guidance: String? = nil, id: String) -> String {
        firstWords(of: narration ?? "") ?? firstWords(of: guidance ?? "") ?? id
    }

    /// - Returns: `nil` for a text without words.
    private static func firstWords(of text: String) -> String? {
        // Enough for the title, however long the text is.
        let start = text.prefix(8 * maximumLength).filter { character in
            character.isWhitespace || !character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
        }
        let words = start.split(whereSeparator: \.isWhitespace)
        guard let first = words.first else { return nil }
        var title = String(first.prefix(maximumLength))
        var isWhole = title.count == first.count
        if isWhole {
            var used = 1
            for word in words.dropFirst() {
                guard title.count + 1 + word.count <= maximumLength else { break }
                title += " \(word)"
                used += 1
            }
            isWhole = used == words.count && text.count <= 8 * maximumLength
        }
        guard !isWhole else { return title }
        while let last = title.last, title.count > 1, last.isPunctuation || last.isWhitespace { title.removeLast() }
        return title + "…"
    }
}
