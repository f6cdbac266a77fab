package import Faults

/// What is wrong with one parameter.
package struct Violation: Sendable, Equatable {
    /// The JSON pointer of the value.
    package let pointer: String
    /// What would be right.
    package let expected: String
    /// What it is.
    package let found: String?
    package let kind: ErrorKind

    package init(pointer: String, expected: String, found: String? = nil, kind: ErrorKind = .invalidParams) {
        self.pointer = pointer
        self.expected = expected
        self.found = found
        self.kind = kind
    }

    /// `/fade_s: expected seconds from 0 to 5`
    package var text: String { "\(pointer): expected \(expected)" }

    /// The same with what was found.
    package var message: String { found.map { "\(text), found \($0)" } ?? text }

    /// The error of a call with this violation alone.
    package var error: ServiceError {
        var error = ServiceError.invalidParams(
            at: pointer, expected: found.map { "\(expected), found \($0)" } ?? expected)
        error.kind = kind
        return error
    }
}

extension [Violation] {
    /// The error of a call with these violations; `nil` if there are none. Its detail is the pointer of the only one, or has a line
    /// for each.
    package var error: ServiceError? {
        guard let first else { return nil }
        if count == 1 { return first.error }
        return ServiceError(
            .invalidParams, "\(count) violations, the first: \(first.message)",
            detail: map(\.message).joined(separator: "\n"))
    }
}
