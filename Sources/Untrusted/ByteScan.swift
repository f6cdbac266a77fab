// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Scans of text, several bytes at a time.
extension UnsafeRawBufferPointer {
    /// Whether every byte is ASCII.
    package var isASCII: Bool {
        var index = 0
        var seen: UInt64 = 0
        while index + 8 <= count {
            seen |= loadUnaligned(fromByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < count {
            seen |= UInt64(self[index])
            index += 1
        }
        return seen & ByteWord.highs == 0
    }

    /// The index of the first byte that equals `byte`, at or after `start`; `nil` if there is none.
    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress else { return nil }
        return memchr(base + start, CInt(byte), count - start).map { base.distance(to: $0) }
    }

    /// The index of the first byte that is special inside a JSON string (a quotation mark, a backslash or a control character), at or
    /// after `start`; `count` if there is none.
    package func endOfPlainText(from start: Int) -> Int {
        var index = start
        while index + 8 <= count {
            let word = ByteWord(loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let special =
                word.equal(to: UInt8(ascii: "\"")) | word.equal(to: UInt8(ascii: "\\")) | word.less(than: 0x20)
            // Of the bits that are set the lowest is exact.
            if special != 0 { return index + special.littleEndian.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count {
            let byte = self[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
            index += 1
        }
        return index
    }
}

/// Eight bytes that are compared at once. A result has the high bit of each matching byte set; a byte that borrows in the subtraction may
/// set that of the next one too, so that only the lowest bit, and whether there is any, are exact.
struct ByteWord {
    static let highs: UInt64 = 0x8080_8080_8080_8080
    private static let lows: UInt64 = 0x0101_0101_0101_0101

    private let bytes: UInt64

    init(_ bytes: UInt64) {
        self.bytes = bytes
    }

    /// The bytes that are not ASCII; exact.
    var nonASCII: UInt64 { bytes & Self.highs }

    /// The bytes that equal `byte`.
    func equal(to byte: UInt8) -> UInt64 {
        let difference = bytes ^ (Self.lows &* UInt64(byte))
        return (difference &- Self.lows) & ~difference & Self.highs
    }

    /// The bytes that are less than `limit`, which is at most 128.
    func less(than limit: UInt8) -> UInt64 {
        (bytes &- Self.lows &* UInt64(limit)) & ~bytes & Self.highs
    }
}
