// SPDX-License-Identifier: Apache-2.0

/// Iterates over the ASCII characters of a JSON string in place, and resolves its escapes (`\/`, `\n`, `\u002B`).
///
/// ```swift
/// var bytes = JSONTextBytes(contents)
/// while let byte = bytes.next() { ... }
/// if bytes.isBroken { ... }
/// ```
package struct JSONTextBytes: IteratorProtocol {
    private let text: UnsafeBufferPointer<UInt8>
    private let hasEscapes: Bool
    private var index = 0
    /// Whether an invalid escape or a non-ASCII character was found; the iteration ends there.
    package private(set) var isBroken = false

    /// - Parameters:
    ///   - text: The text between the quotation marks.
    ///   - hasEscapes: `false` if the escapes were already resolved.
    package init(_ text: UnsafeBufferPointer<UInt8>, hasEscapes: Bool = true) {
        self.text = text
        self.hasEscapes = hasEscapes
    }

    /// Returns the next character; `nil` at the end or after an error.
    package mutating func next() -> UInt8? {
        guard index < text.count, !isBroken else { return nil }
        let byte = text[index]
        index += 1
        if byte != UInt8(ascii: "\\") || !hasEscapes { return byte < 0x80 ? byte : broken() }
        guard index < text.count else { return broken() }
        let kind = text[index]
        index += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return kind
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return codePoint()
        default: return broken()
        }
    }

    /// Returns the first characters in lower case, without advancing.
    package func head(_ count: Int) -> String {
        var lookahead = self
        var head = ""
        for _ in 0..<count {
            guard let byte = lookahead.next() else { break }
            head.unicodeScalars.append(Unicode.Scalar(byte))
        }
        return head.lowercased()
    }

    /// Reads the four hexadecimal digits of a `\u` escape.
    private mutating func codePoint() -> UInt8? {
        guard index + 4 <= text.count else { return broken() }
        var value = 0
        for _ in 0..<4 {
            guard let digit = Self.digit(text[index]) else { return broken() }
            value = value << 4 | digit
            index += 1
        }
        return value < 0x80 ? UInt8(value) : broken()
    }

    /// The value of a hexadecimal digit.
    static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 0x57
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 0x37
        default: nil
        }
    }

    private mutating func broken() -> UInt8? {
        isBroken = true
        return nil
    }
}
