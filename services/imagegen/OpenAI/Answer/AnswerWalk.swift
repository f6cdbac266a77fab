import Glibc
import Providers

/// Reads a body as a sequence of JSON values (one, or one a line), in place: nothing is copied, and a body that breaks off, or is not
/// quite JSON, is read as far as it goes.
struct AnswerWalk {
    enum Token: Equatable {
        /// A text: what is between its quotation marks. One that the body's end cuts is not whole.
        case text(Range<Int>, isWhole: Bool)
        /// A number, `true`, `false` or `null`.
        case word(Range<Int>)
        /// One of the sequence's values has ended.
        case end
    }

    private struct Frame {
        var isObject: Bool
        /// Of the member that it is the value of, or of the one that holds its array.
        var name: Range<Int>?
    }

    private static let deepest = 64
    /// Members' names that count: longer ones are cut.
    private static let longestName = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var open: [Frame] = []
    /// The member whose value comes next.
    private var member: Range<Int>?
    /// The name of the last token.
    private(set) var name: Range<Int>?

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The names of the objects and arrays around the last token, from the outside in.
    var ancestors: [Range<Int>] { open.compactMap(\.name) }

    var depth: Int { open.count }

    /// A member's name in lower case.
    func text(of name: Range<Int>) -> String {
        JSONTextBytes(UnsafeBufferPointer(rebasing: bytes[name])).head(Self.longestName)
    }

    /// - Returns: `nil` at the end of the body, or where nothing can be made of it.
    mutating func next() -> Token? {
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < Self.deepest else { return nil }
                offset += 1
                open.append(Frame(isObject: byte == UInt8(ascii: "{"), name: member ?? arrayName))
                member = nil
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                offset += 1
                member = nil
                guard !open.isEmpty else { return nil }
                open.removeLast()
                if open.isEmpty { return .end }
            case UInt8(ascii: "\""):
                if let token = text() { return token }
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0...0x20, 0x7F: offset += 1
            default: return word()
            }
        }
        return nil
    }

    /// The name of the array around, if that is what is around.
    private var arrayName: Range<Int>? {
        guard let top = open.last, !top.isObject else { return nil }
        return top.name
    }

    /// A text; `nil` for a member's name, which is passed.
    private mutating func text() -> Token? {
        let start = offset + 1
        let end = closing(from: start)
        offset = min((end ?? bytes.count) + 1, bytes.count)
        if member == nil, open.last?.isObject == true {
            member = start..<(end ?? bytes.count)
            return nil
        }
        take()
        return .text(start..<(end ?? bytes.count), isWhole: end != nil)
    }

    private mutating func word() -> Token {
        let start = offset
        while offset < bytes.count, bytes[offset] > 0x20, !Self.marks.contains(bytes[offset]) { offset += 1 }
        // A character that begins nothing.
        if offset == start { offset += 1 }
        take()
        return .word(start..<offset)
    }

    private mutating func take() {
        name = member ?? arrayName
        member = nil
    }

    private static let marks = Array(",:{}[]\"".utf8)

    /// Where the quotation mark is that ends a text: one after an even number of backslashes.
    private func closing(from start: Int) -> Int? {
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
