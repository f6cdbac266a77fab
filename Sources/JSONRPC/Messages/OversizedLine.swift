// SPDX-License-Identifier: Apache-2.0

import JSON
import NIOCore

/// Finds the id of a reply that exceeds the limit or cannot be parsed, at the start or the end of the line.
enum OversizedLine {
    /// - Returns: `nil` if the line is not a reply, or if its id is in neither end.
    static func id(head: ByteBuffer, tail: ByteBuffer) -> RPCID? {
        fromHead(head) ?? fromTail(tail)
    }

    private static func fromHead(_ head: ByteBuffer) -> RPCID? {
        head.withUnsafeReadableBytes { raw in
            let bytes = raw.assumingMemoryBound(to: UInt8.self)
            var scanner = JSONScanner(bytes)
            var id: RPCID?
            // The text ends within a value; the members before it are valid.
            try? scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
                let kind = try scanner.peek()
                let range = try scanner.skipValue(depth: 1)
                guard id == nil, scanner.name(name, is: "id"), kind == .number else { return }
                id = .number(String(decoding: bytes[range], as: UTF8.self))
            }
            return id
        }
    }

    /// Finds `...,"id":7}`: this client's ids are whole numbers.
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
