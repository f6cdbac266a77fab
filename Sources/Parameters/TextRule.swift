// SPDX-License-Identifier: Apache-2.0

package import Faults
package import JSON

/// The accepted lengths and characters of a text parameter.
package struct TextRule: Sendable {
    /// The unit in which the length is measured.
    package enum Measure: String, Sendable {
        /// Unicode scalars, like `minLength` and `maxLength` of JSON Schema.
        case characters
        /// Bytes of UTF-8.
        case bytes
    }

    /// The accepted lengths, in `measure`.
    package let length: ClosedRange<Int>
    /// The unit of `length`.
    package let measure: Measure
    /// The accepted texts as they appear in error messages, such as `1 to 256 bytes`.
    package let expected: String
    /// A regular expression for the whole text; absent if any characters are accepted.
    package let pattern: String?
    /// The error kind of a text that is too long.
    package let tooLongKind: ErrorKind
    private let isAllowed: @Sendable (String) -> Bool

    /// Creates a rule.
    ///
    /// - Parameters:
    ///   - expected: derived from the length and its measure if absent.
    ///   - pattern: for the schema only; `isAllowed` must implement the same condition.
    ///   - tooLongKind: the error kind of a text that is too long.
    ///   - isAllowed: whether a text of an accepted length is accepted.
    package init(
        _ length: ClosedRange<Int>, _ measure: Measure, expected: String? = nil, pattern: String? = nil,
        tooLongKind: ErrorKind = .invalidParams, isAllowed: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        self.length = length
        self.measure = measure
        self.expected = expected ?? "\(length.lowerBound) to \(length.upperBound) \(measure.rawValue)"
        self.pattern = pattern
        self.tooLongKind = tooLongKind
        self.isAllowed = isAllowed
    }

    /// A rule for text of a number of bytes without control characters.
    package static func plain(_ length: ClosedRange<Int>) -> TextRule {
        TextRule(
            length, .bytes,
            expected: "\(length.lowerBound) to \(length.upperBound) bytes without control characters",
            pattern: "^[^\\u0000-\\u001f\\u007f]*$"
        ) { text in
            text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
    }

    /// The length of a text, in `measure`.
    package func count(_ text: String) -> Int {
        switch measure {
        case .characters: text.unicodeScalars.count
        case .bytes: text.utf8.count
        }
    }

    /// Whether a text is accepted.
    package func accepts(_ text: String) -> Bool { length.contains(count(text)) && isAllowed(text) }

    /// Validates a text.
    ///
    /// - Parameter pointer: the JSON pointer of the text.
    /// - Returns: `nil` if the text is accepted.
    package func violation(_ text: String, at pointer: String) -> Violation? {
        if accepts(text) { return nil }
        let count = count(text)
        return Violation(
            pointer: pointer, expected: expected,
            found: length.contains(count) ? "\"\(text.prefix(80))\"" : "\(count)",
            kind: count > length.upperBound ? tooLongKind : .invalidParams)
    }

    /// The keywords of the parameter's JSON Schema.
    package var keywords: [String: JSONValue] {
        var keywords: [String: JSONValue] = [
            "minLength": .integer(Int64(measure == .characters ? length.lowerBound : min(length.lowerBound, 1))),
            "maxLength": .integer(Int64(length.upperBound)),
        ]
        keywords["pattern"] = pattern.map { .string($0) }
        return keywords
    }
}
