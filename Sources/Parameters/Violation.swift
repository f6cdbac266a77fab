// SPDX-License-Identifier: Apache-2.0

package import Faults

/// A parameter value that violates its bound or rule.
package struct Violation: Sendable, Equatable {
    /// The JSON pointer of the value.
    package let pointer: String
    /// The accepted values, such as `seconds from 0 to 5`.
    package let expected: String
    /// The value that was found; absent if it should not be quoted.
    package let found: String?
    /// The kind of the resulting error.
    package let kind: ErrorKind

    /// Creates a violation.
    package init(pointer: String, expected: String, found: String? = nil, kind: ErrorKind = .invalidParams) {
        self.pointer = pointer
        self.expected = expected
        self.found = found
        self.kind = kind
    }

    /// `/fade_s: expected seconds from 0 to 5`
    package var text: String { "\(pointer): expected \(expected)" }

    /// `/fade_s: expected seconds from 0 to 5, found 7`
    package var message: String { found.map { "\(text), found \($0)" } ?? text }

    /// The error of a call whose only violation is this one.
    package var error: ServiceError {
        var error = ServiceError.invalidParams(
            at: pointer, expected: found.map { "\(expected), found \($0)" } ?? expected)
        error.kind = kind
        return error
    }
}

extension [Violation] {
    /// The error of a call with these violations; `nil` if there are none. The detail is the pointer of a single violation, or one line
    /// for each of several.
    package var error: ServiceError? {
        guard let first else { return nil }
        if count == 1 { return first.error }
        return ServiceError(
            .invalidParams, "\(count) violations, the first: \(first.message)",
            detail: map(\.message).joined(separator: "\n"))
    }
}
