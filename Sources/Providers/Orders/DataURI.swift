// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A decoded `data:` URI (RFC 2397), in base64 or percent-encoded.
package struct DataURI: Sendable, Equatable {
    /// The media type, e.g. `image/png`; empty if the URI does not name one.
    package let mediaType: String
    /// The decoded data.
    package let bytes: Data

    /// Decodes a URI.
    ///
    /// - Returns: `nil` if the text is not a `data:` URI, or if its data cannot be decoded.
    package init?(_ text: String) {
        guard Self.isDataURI(text) else { return nil }
        var characters = text.utf8.makeIterator()
        guard let content = DataURIDecoder.content(of: &characters, size: text.utf8.count) else { return nil }
        mediaType = content.mediaType
        bytes = Data(content.bytes)
    }

    /// Whether a text has the scheme `data:`, in any case.
    package static func isDataURI(_ text: String) -> Bool {
        text.utf8.prefix(5).map { $0 | 0x20 } == Array("data:".utf8)
    }
}
