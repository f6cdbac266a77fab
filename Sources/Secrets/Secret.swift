// SPDX-License-Identifier: Apache-2.0

/// A key or a token that is redacted in output: printing, logging and reflection show `***`.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Wraps a key or a token.
    package init(_ text: String) { self.text = text }

    /// The plain text, for the request header that needs it.
    package func reveal() -> String { text }

    /// `***`.
    package var description: String { "***" }
    /// `***`.
    package var debugDescription: String { "***" }
    /// A mirror without children, so that `dump` and debuggers do not show the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
