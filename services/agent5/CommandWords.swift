import Faults

/// A command as a user writes it, split into words as a POSIX shell would, without a shell: quotes and backslashes hold words
/// together; `$`, `*`, `~`, `|` and `;` mean themselves.
enum CommandWords {
    /// -> the program and its arguments.
    ///
    /// - Throws: `invalid_params` for a quote that is not closed, a backslash at the end, or no word at all.
    static func split(_ text: String) throws(ServiceError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                // Between double quotes a backslash means itself, except before these.
                if quote != nil, !"\"\\$`\n".contains(character) { word = (word ?? "") + "\\" }
                if character != "\n" { word = (word ?? "") + String(character) }
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let quote { throw ServiceError(.invalidParams, "expected a closing \(quote)") }
        if isEscaped { throw ServiceError(.invalidParams, "expected a character after the last backslash") }
        if let word { words.append(word) }
        guard words.first?.isEmpty == false else { throw ServiceError(.invalidParams, "expected a program") }
        return words
    }
}
