/// A URI that holds its bytes itself (RFC 2397): `data:image/png;base64,iVBO...`, or percent-encoded without `;base64`.
package enum InlineData {
    /// What may be between the scheme and the comma, in bytes.
    private static let longestHead = 1024

    /// - Parameters:
    ///   - characters: of the whole URI, read to their end.
    ///   - size: how many there are at most.
    /// - Returns: `nil` for a text that is not a data URI, or whose data cannot be decoded.
    package static func bytes(of characters: inout JSONTextBytes, size: Int) -> [UInt8]? {
        guard characters.head(5) == "data:" else { return nil }
        let content = content(of: &characters, size: size)
        return characters.isBroken ? nil : content?.bytes
    }

    /// - Parameters:
    ///   - characters: of the whole URI, whose scheme was checked, read to their end.
    ///   - size: how many there are at most.
    /// - Returns: the media type, empty if the URI does not name one, and the bytes; `nil` if they cannot be decoded.
    static func content(
        of characters: inout some IteratorProtocol<UInt8>, size: Int
    ) -> (mediaType: String, bytes: [UInt8])? {
        var head = ""
        while true {
            guard let byte = characters.next(), head.utf8.count < longestHead else { return nil }
            if byte == UInt8(ascii: ",") { break }
            head.unicodeScalars.append(Unicode.Scalar(byte))
        }
        let parts = head.lowercased().filter { $0 != " " }.drop { $0 != ":" }.dropFirst()
            .split(separator: ";", omittingEmptySubsequences: false)
        let type = parts.first.map { $0.contains("/") ? String($0) : "" } ?? ""
        let bytes =
            parts.dropFirst().last == "base64"
            ? LooseBase64.decode(&characters, size: size, isPercentEncoded: true) : plain(&characters, size: size)
        return bytes.map { (type, $0) }
    }

    private static func plain(_ characters: inout some IteratorProtocol<UInt8>, size: Int) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(size / 3)
        while let byte = characters.next() {
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            guard let decoded = PercentCode.next(&characters) else { return nil }
            output.append(decoded)
        }
        return output.isEmpty ? nil : output
    }
}
