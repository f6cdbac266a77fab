package import FoundationEssentials

/// A `data:` URI: bytes in the text itself, in base64 or percent-encoded.
package struct DataURI: Sendable, Equatable {
    /// e.g. `image/png`; empty if the URI does not say.
    package let mediaType: String
    package let bytes: Data

    /// - Returns: `nil` for what is no `data:` URI, or is broken.
    package init?(_ text: String) {
        guard Self.isOne(text), let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let head = text[text.utf8.index(text.startIndex, offsetBy: 5)..<comma].split(separator: ";")
        let isBase64 = head.last.map { $0.lowercased().filter { $0 != " " } } == "base64"
        mediaType = head.first.map { $0.contains("/") ? $0.lowercased() : "" } ?? ""
        guard let plain = Self.unescaped(text.utf8[text.utf8.index(after: comma)...]) else { return nil }
        guard let bytes = isBase64 ? Self.base64(plain) : Data(plain), !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }

    /// Whether a text is a `data:` URI, in any case of letters.
    package static func isOne(_ text: String) -> Bool {
        text.utf8.prefix(5).map { $0 | 0x20 } == Array("data:".utf8).map { $0 | 0x20 }
    }

    /// Base64 in the forms that occur: the standard and the URL-safe alphabet, white space, with and without padding.
    ///
    /// - Returns: `nil` for what has other characters, or ends within a byte.
    package static func base64(_ text: some Sequence<UInt8>) -> Data? {
        var output = Data()
        var (bits, count, padding): (UInt32, Int, Int) = (0, 0, 0)
        for byte in text {
            let value: UInt8
            switch byte {
            case 0x41...0x5A: value = byte - 0x41
            case 0x61...0x7A: value = byte - 0x61 + 26
            case 0x30...0x39: value = byte - 0x30 + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            case 0x09, 0x0A, 0x0D, 0x20: continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count % 4 == 0 {
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
                output.append(UInt8(truncatingIfNeeded: bits >> 8))
                output.append(UInt8(truncatingIfNeeded: bits))
            }
        }
        guard padding <= 2, padding == 0 || (count + padding) % 4 == 0 else { return nil }
        switch count % 4 {
        case 1: return nil
        case 2: output.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            output.append(UInt8(truncatingIfNeeded: bits >> 10))
            output.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: break
        }
        return output
    }

    private static func unescaped(_ text: Substring.UTF8View) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
