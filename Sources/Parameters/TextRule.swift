package import Faults
package import JSON

/// How long a text may be, and which characters it may have.
package struct TextRule: Sendable {
    /// What its length counts.
    package enum Measure: String, Sendable {
        /// Unicode scalars, as the `minLength` and `maxLength` of JSON Schema count.
        case characters
        /// Of UTF-8.
        case bytes
    }

    package let length: ClosedRange<Int>
    package let measure: Measure
    /// What an error message says is expected.
    package let expected: String
    /// A regular expression for the whole text; any characters if absent.
    package let pattern: String?
    /// The error of a text that is too long.
    package let excess: ErrorKind
    private let isAllowed: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - expected: the length and its measure if absent.
    ///   - pattern: for the schema; `isAllowed` checks the same.
    ///   - isAllowed: whether a text of that length is accepted.
    package init(
        _ length: ClosedRange<Int>, _ measure: Measure, expected: String? = nil, pattern: String? = nil,
        excess: ErrorKind = .invalidParams, isAllowed: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        self.length = length
        self.measure = measure
        self.expected = expected ?? "\(length.lowerBound) to \(length.upperBound) \(measure.rawValue)"
        self.pattern = pattern
        self.excess = excess
        self.isAllowed = isAllowed
    }

    /// A text of a number of bytes without control characters.
    package static func plain(_ length: ClosedRange<Int>) -> TextRule {
        TextRule(
            length, .bytes,
            expected: "\(length.lowerBound) to \(length.upperBound) bytes without control characters",
            pattern: "^[^\\u0000-\\u001f\\u007f]*$"
        ) { text in
            text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
    }

    /// The length of a text in the rule's measure.
    package func count(_ text: String) -> Int {
        switch measure {
        case .characters: text.unicodeScalars.count
        case .bytes: text.utf8.count
        }
    }

    package func accepts(_ text: String) -> Bool { length.contains(count(text)) && isAllowed(text) }

    /// - Returns: `nil` for a text that is accepted.
    package func violation(_ text: String, at pointer: String) -> Violation? {
        if accepts(text) { return nil }
        let count = count(text)
        return Violation(
            pointer: pointer, expected: expected,
            found: length.contains(count) ? "\"\(text.prefix(80))\"" : "\(count)",
            kind: count > length.upperBound ? excess : .invalidParams)
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
