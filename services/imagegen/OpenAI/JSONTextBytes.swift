/// The characters of a JSON text of ASCII, its escapes resolved: `\/`, `\n`, `\u002B`.
struct JSONTextBytes: IteratorProtocol {
    private static let dataURI = Array("data:".utf8)

    private let text: UnsafeBufferPointer<UInt8>
    private var index = 0
    /// Whether an escape was found that JSON does not have, or a character beyond ASCII.
    private(set) var isBroken = false

    /// - Parameter text: what is between the quotation marks.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    /// Skips `data:image/png;base64,`.
    mutating func skipHeadOfDataURI() {
        var ahead = self
        for letter in Self.dataURI {
            guard let byte = ahead.next(), byte | 0x20 == letter | 0x20 else { return }
        }
        while let byte = ahead.next() {
            if byte == UInt8(ascii: ",") { return self = ahead }
        }
    }

    mutating func next() -> UInt8? {
        guard index < text.count, !isBroken else { return nil }
        let byte = text[index]
        index += 1
        if byte != UInt8(ascii: "\\") { return byte < 0x80 ? byte : broken() }
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

    /// The character of four hexadecimal digits.
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

    private static func digit(_ byte: UInt8) -> Int? {
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
