// SPDX-License-Identifier: Apache-2.0

/// Writes the bit strings of ITU-T H.264, clause 7.2: fixed-length and Exp-Golomb codes, most significant bit first.
struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var free = 0

    /// u(n).
    mutating func bits(_ value: Int, _ count: Int) {
        for bit in stride(from: count - 1, through: 0, by: -1) {
            if free == 0 {
                bytes.append(0)
                free = 8
            }
            free -= 1
            bytes[bytes.count - 1] |= UInt8((value >> bit) & 1) << UInt8(free)
        }
    }

    /// u(1).
    mutating func flag(_ value: Bool) { bits(value ? 1 : 0, 1) }

    /// ue(v), clause 9.1.
    mutating func unsigned(_ value: Int) {
        let code = value + 1
        let length = Int.bitWidth - code.leadingZeroBitCount
        bits(0, length - 1)
        bits(code, length)
    }

    /// se(v), clause 9.1.1.
    mutating func signed(_ value: Int) { unsigned(value > 0 ? 2 * value - 1 : -2 * value) }

    /// Fills the current byte with a bit.
    mutating func align(with bit: Int) {
        while free > 0 { bits(bit, 1) }
    }

    /// rbsp_trailing_bits, clause 7.3.2.11.
    mutating func trailing() {
        bits(1, 1)
        free = 0
    }
}
