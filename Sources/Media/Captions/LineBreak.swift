// SPDX-License-Identifier: Apache-2.0

/// How suitable the position after a character is for ending a line or a caption, worst first.
enum LineBreak: Int {
    case never
    /// Inside a word: where it reaches the end of the line, or between syllables if words are unknown.
    case forced
    /// Where a reader would stumble: after an article, or within a phrase of Chinese or Thai.
    case tight
    case space
    /// Before a word that starts a phrase.
    case phrase
    case clause
    case sentence
}
