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
        var head = ""
        while true {
            guard let byte = characters.next(), head.utf8.count < longestHead else { return nil }
            if byte == UInt8(ascii: ",") { break }
            head.unicodeScalars.append(Unicode.Scalar(byte))
        }
        let isBase64 = head.lowercased().filter { $0 != " " }.hasSuffix(";base64")
        return isBase64
            ? LooseBase64.decode(&characters, size: size, isPercentEncoded: true) : plain(&characters, size: size)
    }

    private static func plain(_ characters: inout JSONTextBytes, size: Int) -> [UInt8]? {
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
        return characters.isBroken || output.isEmpty ? nil : output
    }
}
