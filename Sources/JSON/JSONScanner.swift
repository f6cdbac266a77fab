// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// A strict RFC 8259 scanner that finds where values begin and end without building them.
///
/// A message's envelope is parsed on the connection's event loop, thousands of times a second, whereas its `params` are decoded later
/// on another thread. Offsets are bytes from the start of the text.
///
/// ```swift
/// var scanner = JSONScanner(bytes)
/// try scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
///     let value = try scanner.skipValue()
///     if scanner.name(name, is: "id") { id = value }
/// }
/// ```
package struct JSONScanner {
    /// The position at which the text is not valid JSON, and what was expected there.
    package struct SyntaxError: Error, Equatable {
        /// Bytes from the start of the text.
        package let offset: Int
        /// A noun phrase, such as `a value`.
        package let expected: String

        /// Creates an error at a byte offset.
        package init(offset: Int, expected: String) {
            self.offset = offset
            self.expected = expected
        }
    }

    /// The deepest nesting that is accepted, so that a peer cannot exhaust the stack.
    package static let maximumDepth = 128

    private let bytes: UnsafeBufferPointer<UInt8>
    /// The position of the next byte to read.
    package private(set) var offset: Int

    /// Creates a scanner over bytes that must outlive it.
    ///
    /// - Parameter offset: where scanning starts.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// The kind of a value, determined by its first byte.
    package enum Kind: Equatable {
        case object, array, string, number, bool, null
    }

    /// Skips white space and returns the kind of the next value without consuming it.
    ///
    /// - Throws: `SyntaxError` if no value follows.
    package mutating func peek() throws(SyntaxError) -> Kind {
        skipSpace()
        guard offset < bytes.count else { throw SyntaxError(offset: offset, expected: "a value") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw SyntaxError(offset: offset, expected: "a value")
        }
    }

    /// Skips one value, with the white space before it.
    ///
    /// - Returns: the range of the value's bytes.
    /// - Throws: `SyntaxError` if the value is malformed or nested too deeply.
    @discardableResult
    package mutating func skipValue(depth: Int = 0) throws(SyntaxError) -> Range<Int> {
        let kind = try peek()
        let start = offset
        switch kind {
        case .string: try skipString()
        case .number: try skipNumber()
        case .bool: try skipLiteral(bytes[offset] == UInt8(ascii: "t") ? "true" : "false")
        case .null: try skipLiteral("null")
        case .object:
            try members(depth: depth) { (_, scanner) throws(SyntaxError) in
                try scanner.skipValue(depth: depth + 1)
            }
        case .array:
            try elements(depth: depth) { (scanner) throws(SyntaxError) in
                try scanner.skipValue(depth: depth + 1)
            }
        }
        return start..<offset
    }

    /// Consumes an object.
    ///
    /// - Parameters:
    ///   - depth: how deeply the object is nested.
    ///   - body: called for each member with the range of its name (between the quotes, still escaped); must consume the value.
    /// - Throws: `SyntaxError`, or what `body` throws.
    package mutating func members(
        depth: Int = 0, _ body: (Range<Int>, inout JSONScanner) throws(SyntaxError) -> Void
    ) throws(SyntaxError) {
        guard depth < Self.maximumDepth else { throw SyntaxError(offset: offset, expected: "less nesting") }
        try skip(UInt8(ascii: "{"), "an object")
        skipSpace()
        if take(UInt8(ascii: "}")) { return }
        while true {
            skipSpace()
            let start = offset
            try skipString()
            let name = (start + 1)..<(offset - 1)
            skipSpace()
            try skip(UInt8(ascii: ":"), "a colon")
            try body(name, &self)
            skipSpace()
            if take(UInt8(ascii: "}")) { return }
            try skip(UInt8(ascii: ","), "a comma or a closing brace")
        }
    }

    /// Consumes an array.
    ///
    /// - Parameters:
    ///   - depth: how deeply the array is nested.
    ///   - body: called for each element; must consume it.
    /// - Throws: `SyntaxError`, or what `body` throws.
    package mutating func elements(
        depth: Int = 0, _ body: (inout JSONScanner) throws(SyntaxError) -> Void
    ) throws(SyntaxError) {
        guard depth < Self.maximumDepth else { throw SyntaxError(offset: offset, expected: "less nesting") }
        try skip(UInt8(ascii: "["), "an array")
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        while true {
            try body(&self)
            skipSpace()
            if take(UInt8(ascii: "]")) { return }
            try skip(UInt8(ascii: ","), "a comma or a closing bracket")
        }
    }

    /// Consumes trailing white space.
    ///
    /// - Throws: `SyntaxError` if anything else follows.
    package mutating func finish() throws(SyntaxError) {
        skipSpace()
        guard offset == bytes.count else { throw SyntaxError(offset: offset, expected: "nothing more") }
    }

    /// Whether a member's name equals `text`. Escapes in the name are decoded before the comparison.
    package func name(_ range: Range<Int>, is text: StaticString) -> Bool {
        name(range, is: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether a member's name equals a text in UTF-8.
    func name(_ range: Range<Int>, is text: UnsafeBufferPointer<UInt8>) -> Bool {
        let slice = UnsafeBufferPointer(rebasing: bytes[range])
        if slice.count == text.count, slice.elementsEqual(text) { return true }
        guard slice.contains(where: { $0 == UInt8(ascii: "\\") || $0 >= 0x80 }) else { return false }
        return string(range) == String(decoding: text, as: UTF8.self)
    }

    /// Decodes the bytes between the quotes of a string.
    ///
    /// - Throws: `SyntaxError` if an escape is an unpaired surrogate.
    func text(_ range: Range<Int>) throws(SyntaxError) -> String {
        guard let text = string(range) else {
            throw SyntaxError(offset: range.lowerBound, expected: "both halves of a surrogate pair")
        }
        return text
    }

    /// Decodes the bytes between the quotes of a string.
    ///
    /// - Returns: `nil` if an escape is an unpaired surrogate.
    package func string(_ range: Range<Int>) -> String? {
        let slice = bytes[range]
        let firstEscape = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: slice)).endOfPlainText(from: 0)
        guard firstEscape < slice.count else { return String(decoding: slice, as: UTF8.self) }
        var units: [UInt16] = []
        var text = ""
        func flush() -> Bool {
            guard !units.isEmpty else { return true }
            guard let part = String(validating: units, as: UTF16.self) else { return false }
            text += part
            units.removeAll()
            return true
        }
        var index = slice.startIndex
        var plain = index
        while index < slice.endIndex {
            guard slice[index] == UInt8(ascii: "\\") else {
                if !flush() { return nil }
                index += 1
                continue
            }
            text += String(decoding: slice[plain..<index], as: UTF8.self)
            let escape = slice[index + 1]
            index += 2
            if escape == UInt8(ascii: "u") {
                guard let unit = UInt16(String(decoding: slice[index..<index + 4], as: UTF8.self), radix: 16) else {
                    return nil
                }
                units.append(unit)
                index += 4
            } else {
                if !flush() { return nil }
                switch escape {
                case UInt8(ascii: "n"): text += "\n"
                case UInt8(ascii: "r"): text += "\r"
                case UInt8(ascii: "t"): text += "\t"
                case UInt8(ascii: "b"): text += "\u{8}"
                case UInt8(ascii: "f"): text += "\u{C}"
                default: text.unicodeScalars.append(Unicode.Scalar(escape))
                }
            }
            plain = index
        }
        guard flush() else { return nil }
        return text + String(decoding: slice[plain...], as: UTF8.self)
    }

    // MARK: - Tokens

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skip(_ byte: UInt8, _ expected: String) throws(SyntaxError) {
        guard take(byte) else { throw SyntaxError(offset: offset, expected: expected) }
    }

    private mutating func skipLiteral(_ literal: StaticString) throws(SyntaxError) {
        let start = offset
        for index in 0..<literal.utf8CodeUnitCount where !take(literal.utf8Start[index]) {
            throw SyntaxError(offset: start, expected: "a value")
        }
    }

    private mutating func skipString() throws(SyntaxError) {
        try skip(UInt8(ascii: "\""), "a string")
        while true {
            offset = UnsafeRawBufferPointer(bytes).endOfPlainText(from: offset)
            guard offset < bytes.count else { throw SyntaxError(offset: offset, expected: "the end of a string") }
            if take(UInt8(ascii: "\"")) { return }
            guard take(UInt8(ascii: "\\")) else {
                throw SyntaxError(offset: offset, expected: "no control character inside a string")
            }
            try skipEscape()
        }
    }

    private mutating func skipEscape() throws(SyntaxError) {
        guard offset < bytes.count else { throw SyntaxError(offset: offset, expected: "an escape") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard offset < bytes.count, Self.isHex(bytes[offset]) else {
                    throw SyntaxError(offset: offset, expected: "four hexadecimal digits")
                }
                offset += 1
            }
        default:
            throw SyntaxError(offset: offset - 1, expected: "an escape")
        }
    }

    private mutating func skipNumber() throws(SyntaxError) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try skipDigits() }
        if take(UInt8(ascii: ".")) { try skipDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(SyntaxError) {
        let start = offset
        while offset < bytes.count, bytes[offset] >= UInt8(ascii: "0"), bytes[offset] <= UInt8(ascii: "9") {
            offset += 1
        }
        if offset == start { throw SyntaxError(offset: offset, expected: "a digit") }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
