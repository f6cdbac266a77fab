package import JSON

/// A provider's name for an order that it accepted, safe to use as one segment of a URL's path.
package struct OrderID: Sendable, Hashable, CustomStringConvertible {
    private static let maximumBytes = 512

    package let text: String

    /// - Returns: `nil` for a text that could lead a request elsewhere or that is no id.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumBytes, text != ".", text != "..",
            text.utf8.allSatisfy({ Self.isUnreserved($0) || Self.isEncoded($0) })
        else { return nil }
        self.text = text
    }

    /// A text, or a whole number: servers number their orders too.
    package init?(_ value: JSONValue?) {
        switch value {
        case .string(let text): self.init(text)
        case .integer(let number): self.init(String(number))
        default: return nil
        }
    }

    package var description: String { text }

    /// The id as a segment of a path, percent-encoded.
    package var pathSegment: String {
        text.utf8.reduce(into: "") { result, byte in
            if Self.isUnreserved(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "-._~".utf8.contains(byte)
    }

    /// Characters of ids such as base64 that are allowed, but not as they are.
    private static func isEncoded(_ byte: UInt8) -> Bool { "=+:@,".utf8.contains(byte) }
}
