// SPDX-License-Identifier: Apache-2.0

/// Finds the bytes that are special inside a JSON string: quotation marks, backslashes and control characters.
enum PlainText {
    /// The index of the first special byte at or after `start`; the end if there is none. Eight bytes are checked at a time.
    static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let raw = UnsafeRawBufferPointer(bytes)
        let (lows, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var index = start
        while index + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            // The high bit of a byte is set in a difference if the byte is smaller than what is subtracted. A byte that borrows may set
            // that of the next one too, so the lowest bit that is set is exact.
            let quote = word ^ (lows &* UInt64(UInt8(ascii: "\"")))
            let backslash = word ^ (lows &* UInt64(UInt8(ascii: "\\")))
            let special =
                (quote &- lows) & ~quote | (backslash &- lows) & ~backslash | (word &- lows &* 0x20) & ~word
            if special & highs != 0 { return index + (special & highs).littleEndian.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < raw.count {
            let byte = raw[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
            index += 1
        }
        return index
    }
}
