// SPDX-License-Identifier: Apache-2.0

/// Decodes `data:` URIs (RFC 2397) from a sequence of bytes: `data:image/png;base64,iVBO...`, or percent-encoded without `;base64`.
package enum DataURIDecoder {
    /// The maximum size of the text between the scheme and the comma, in bytes.
    private static let maximumHeadBytes = 1024

    /// Decodes a URI that is a JSON string.
    ///
    /// - Parameters:
    ///   - characters: The characters of the URI; read to the end.
    ///   - size: The maximum number of characters.
    /// - Returns: `nil` if the text is not a `data:` URI, or if its data cannot be decoded.
    package static func bytes(of characters: inout JSONTextBytes, size: Int) -> [UInt8]? {
        guard characters.head(5) == "data:" else { return nil }
        let content = content(of: &characters, size: size)
        return characters.isBroken ? nil : content?.bytes
    }

    /// Decodes a URI whose scheme was checked.
    ///
    /// - Parameters:
    ///   - characters: The characters of the URI; read to the end.
    ///   - size: The maximum number of characters.
    /// - Returns: The media type, empty if the URI does not name one, and the bytes; `nil` if they cannot be decoded.
    static func content(
        of characters: inout some IteratorProtocol<UInt8>, size: Int
    ) -> (mediaType: String, bytes: [UInt8])? {
        var head = ""
        while true {
            guard let byte = characters.next(), head.utf8.count < maximumHeadBytes else { return nil }
            if byte == UInt8(ascii: ",") { break }
            head.unicodeScalars.append(Unicode.Scalar(byte))
        }
        let parts = head.lowercased().filter { $0 != " " }.drop { $0 != ":" }.dropFirst()
            .split(separator: ";", omittingEmptySubsequences: false)
        let type = parts.first.map { $0.contains("/") ? String($0) : "" } ?? ""
        let bytes =
            parts.dropFirst().last == "base64"
            ? LenientBase64.decode(&characters, size: size, isPercentEncoded: true)
            : percentDecoded(&characters, size: size)
        return bytes.map { (type, $0) }
    }

    private static func percentDecoded(_ characters: inout some IteratorProtocol<UInt8>, size: Int) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(size / 3)
        while let byte = characters.next() {
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            guard let decoded = PercentDecoding.next(&characters) else { return nil }
            output.append(decoded)
        }
        return output.isEmpty ? nil : output
    }
}
