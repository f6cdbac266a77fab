// SPDX-License-Identifier: Apache-2.0

/// Reads bit strings as `BitWriter` writes them; zero bits follow the end.
struct BitReader {
    private let bytes: [UInt8]
    /// Bits read so far.
    private(set) var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether more bits were read than there are.
    var isExhausted: Bool { position > bytes.count * 8 }

    mutating func bits(_ count: Int) -> Int {
        var value = 0
        for _ in 0..<count {
            let byte = position / 8 < bytes.count ? bytes[position / 8] : 0
            value = value << 1 | Int(byte >> UInt8(7 - position % 8)) & 1
            position += 1
        }
        return value
    }

    mutating func flag() -> Bool { bits(1) == 1 }

    mutating func unsigned() -> Int {
        var zeros = 0
        while zeros < 32, bits(1) == 0, !isExhausted { zeros += 1 }
        return (1 << zeros) - 1 + bits(zeros)
    }

    mutating func signed() -> Int {
        let code = unsigned()
        return code % 2 == 1 ? (code + 1) / 2 : -code / 2
    }
}
