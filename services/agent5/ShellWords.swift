// SPDX-License-Identifier: Apache-2.0

import Faults

/// Splits a command into words like a POSIX shell, without a shell: quotes and backslashes group words; `$`, `*`, `~`, `|` and `;`
/// are literal.
///
/// ```swift
/// try ShellWords.split(#"python3 agent5.py --style "a b""#)  // ["python3", "agent5.py", "--style", "a b"]
/// ```
enum ShellWords {
    /// Splits a command.
    ///
    /// - Returns: The program and its arguments.
    /// - Throws: `invalid_params` for an unclosed quote, a trailing backslash, or an empty command.
    static func split(_ text: String) throws(ServiceError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                // Inside double quotes a backslash is literal, except before these characters.
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
