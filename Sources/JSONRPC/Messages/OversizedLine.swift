import JSON
import NIOCore

/// What can be read of a reply that is longer than the limit: its id, which is at its start or at its end.
enum OversizedLine {
    /// - Returns: `nil` for a line that is no reply, or whose id is between the ends.
    static func id(head: ByteBuffer, tail: ByteBuffer) -> RPCID? {
        fromHead(head) ?? fromTail(tail)
    }

    private static func fromHead(_ head: ByteBuffer) -> RPCID? {
        head.withUnsafeReadableBytes { raw in
            let bytes = raw.assumingMemoryBound(to: UInt8.self)
            var scanner = JSONScanner(bytes)
            var id: RPCID?
            // The text ends within a value: what was read up to there counts.
            try? scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
                let kind = try scanner.peek()
                let range = try scanner.skipValue(depth: 1)
                guard id == nil, scanner.name(name, is: "id"), kind == .number else { return }
                id = .number(String(decoding: bytes[range], as: UTF8.self))
            }
            return id
        }
    }

    /// Our own ids are whole numbers: `...,"id":7}`.
    private static func fromTail(_ tail: ByteBuffer) -> RPCID? {
        var bytes = tail.readableBytesView[...]
        func trim() { while let last = bytes.last, last == 0x20 || last == 0x09 || last == 0x0D { bytes.removeLast() } }
        trim()
        guard bytes.popLast() == UInt8(ascii: "}") else { return nil }
        trim()
        let digits = bytes.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.reversed()
        bytes = bytes.dropLast(digits.count)
        trim()
        guard !digits.isEmpty, bytes.popLast() == UInt8(ascii: ":") else { return nil }
        trim()
        guard bytes.suffix(4).elementsEqual("\"id\"".utf8) else { return nil }
        return .number(String(decoding: digits, as: UTF8.self))
    }
}
