// SPDX-License-Identifier: Apache-2.0

import Glibc
import Providers

/// Scans a body as a sequence of JSON values (one, or one per line) in place: nothing is copied, and a truncated or invalid body is
/// read as far as possible.
struct ResponseScanner {
    /// A token that can be part of a result.
    enum Token: Equatable {
        /// A string, as the range between its quotation marks. It is not whole if the body ends before the closing quotation mark.
        case text(Range<Int>, isWhole: Bool)
        /// A number, `true`, `false` or `null`.
        case literal(Range<Int>)
        /// The end of one of the JSON values.
        case end
    }

    /// An open object or array.
    private struct Frame {
        var isObject: Bool
        /// The name of the member whose value it is, or of the member whose array contains it.
        var name: Range<Int>?
    }

    private static let maximumDepth = 64
    /// The maximum length of a member's name; longer names are cut.
    private static let maximumNameLength = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var frames: [Frame] = []
    /// The name of the member whose value comes next.
    private var member: Range<Int>?
    /// The name of the last token.
    private(set) var name: Range<Int>?

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The names of the enclosing objects and arrays, from the outside in.
    var ancestors: [Range<Int>] { frames.compactMap(\.name) }

    /// The number of enclosing objects and arrays.
    var depth: Int { frames.count }

    /// Returns a name or literal in lower case.
    func text(of name: Range<Int>) -> String {
        JSONTextBytes(UnsafeBufferPointer(rebasing: bytes[name])).head(Self.maximumNameLength)
    }

    /// Returns the next token.
    ///
    /// - Returns: `nil` at the end of the body, or if the rest cannot be scanned.
    mutating func next() -> Token? {
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard frames.count < Self.maximumDepth else { return nil }
                offset += 1
                frames.append(Frame(isObject: byte == UInt8(ascii: "{"), name: member ?? arrayName))
                member = nil
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                offset += 1
                member = nil
                guard !frames.isEmpty else { return nil }
                frames.removeLast()
                if frames.isEmpty { return .end }
            case UInt8(ascii: "\""):
                if let token = string() { return token }
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0...0x20, 0x7F: offset += 1
            default: return literal()
            }
        }
        return nil
    }

    /// The name of the enclosing array; `nil` if the innermost container is an object.
    private var arrayName: Range<Int>? {
        guard let top = frames.last, !top.isObject else { return nil }
        return top.name
    }

    /// Scans a string; returns `nil` for the name of a member.
    private mutating func string() -> Token? {
        let start = offset + 1
        let end = closingQuote(from: start)
        offset = min((end ?? bytes.count) + 1, bytes.count)
        if member == nil, frames.last?.isObject == true {
            member = start..<(end ?? bytes.count)
            return nil
        }
        setName()
        return .text(start..<(end ?? bytes.count), isWhole: end != nil)
    }

    private mutating func literal() -> Token {
        let start = offset
        while offset < bytes.count, bytes[offset] > 0x20, !Self.delimiters.contains(bytes[offset]) { offset += 1 }
        // Skips a character that cannot start a token.
        if offset == start { offset += 1 }
        setName()
        return .literal(start..<offset)
    }

    private mutating func setName() {
        name = member ?? arrayName
        member = nil
    }

    private static let delimiters = Array(",:{}[]\"".utf8)

    /// The index of the quotation mark that ends a string: one after an even number of backslashes.
    private func closingQuote(from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var from = start
        while from < bytes.count, let found = memchr(base + from, Int32(UInt8(ascii: "\"")), bytes.count - from) {
            let index = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
            var backslashes = 0
            while index - backslashes > start, bytes[index - backslashes - 1] == UInt8(ascii: "\\") { backslashes += 1 }
            if backslashes % 2 == 0 { return index }
            from = index + 1
        }
        return nil
    }
}
