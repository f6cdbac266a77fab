// SPDX-License-Identifier: Apache-2.0

package import JSON
import Untrusted

/// A provider's ID of an accepted order, safe to use as one path segment of a URL.
package struct OrderID: Sendable, Hashable, CustomStringConvertible {
    private static let maximumBytes = 512

    /// The ID as the provider reports it.
    package let text: String

    /// Validates an ID.
    ///
    /// - Returns: `nil` for a text that is empty, too long, or could lead a request to another path.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumBytes, text != ".", text != "..",
            text.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) || Self.isEncoded($0) })
        else { return nil }
        self.text = text
    }

    /// Reads an ID from JSON: a string or an integer.
    package init?(_ value: JSONValue?) {
        switch value {
        case .string(let text): self.init(text)
        case .integer(let number): self.init(String(number))
        default: return nil
        }
    }

    /// The ID as the provider reports it.
    package var description: String { text }

    /// The ID as a path segment, percent-encoded.
    package var pathSegment: String { PercentEncoding.encoded(text, keeping: PercentEncoding.isUnreserved) }

    /// Characters that IDs contain, such as those of base64, and that must be percent-encoded.
    private static func isEncoded(_ byte: UInt8) -> Bool { "=+:@,".utf8.contains(byte) }
}
