package import FoundationEssentials

/// A `data:` URI: bytes in the text itself, in base64 or percent-encoded.
package struct DataURI: Sendable, Equatable {
    /// e.g. `image/png`; empty if the URI does not say.
    package let mediaType: String
    package let bytes: Data

    /// - Returns: `nil` for a text that is not a `data:` URI, or whose data cannot be decoded.
    package init?(_ text: String) {
        guard Self.isOne(text) else { return nil }
        var characters = text.utf8.makeIterator()
        guard let content = InlineData.content(of: &characters, size: text.utf8.count) else { return nil }
        mediaType = content.mediaType
        bytes = Data(content.bytes)
    }

    /// Whether a text is a `data:` URI, in any case of letters.
    package static func isOne(_ text: String) -> Bool { text.utf8.prefix(5).map { $0 | 0x20 } == Array("data:".utf8) }
}
