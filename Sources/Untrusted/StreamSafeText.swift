// SPDX-License-Identifier: Apache-2.0

/// Text in the stream-safe format of Unicode (UAX 15): at most 30 non-starters, such as combining marks, in a row.
///
/// Hashing or comparing a `String` sorts the marks of a run into canonical order in quadratic time: 150 kB of marks take a minute. No
/// writing system stacks more than 30. Untrusted text gets a combining grapheme joiner inserted into longer runs, as the standard
/// specifies, before it becomes a `String`.
package enum StreamSafeText {
    private static let longestRun = 30
    /// U+034F in UTF-8.
    private static let joiner: [UInt8] = [0xCD, 0x8F]

    /// Converts text to the stream-safe format.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8; invalid bytes are left unchanged.
    ///   - readsEscapes: whether `\u0301` counts as a mark, as in JSON.
    /// - Returns: `nil` if the text is already stream-safe.
    package static func convert(_ bytes: UnsafeBufferPointer<UInt8>, readsEscapes: Bool) -> [UInt8]? {
        var breaks: [Int] = []
        var run = 0
        var index = plainPrefix(of: bytes, readsEscapes: readsEscapes)
        while index < bytes.endIndex {
            let (scalar, length) = scalar(at: index, of: bytes, readsEscapes: readsEscapes)
            if isNonStarter(scalar) {
                if run == longestRun {
                    breaks.append(index)
                    run = 0
                }
                run += 1
            } else {
                run = 0
            }
            index += length
        }
        guard !breaks.isEmpty else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + breaks.count * joiner.count)
        var start = 0
        for end in breaks {
            result += bytes[start..<end]
            result += joiner
            start = end
        }
        result += bytes[start...]
        return result
    }

    /// The length of the ASCII prefix without escapes, in steps of eight bytes: most text is entirely plain.
    private static func plainPrefix(of bytes: UnsafeBufferPointer<UInt8>, readsEscapes: Bool) -> Int {
        let raw = UnsafeRawBufferPointer(bytes)
        var index = 0
        while index + 8 <= raw.count {
            let word = ByteWord(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            if word.nonASCII != 0 || readsEscapes && word.equal(to: UInt8(ascii: "\\")) != 0 { break }
            index += 8
        }
        return index
    }

    private static func isNonStarter(_ scalar: UInt32) -> Bool {
        switch scalar {
        // Fast path for ranges without non-starters: Latin and the scripts of East Asia.
        case 0..<0x300, 0x3100..<0xA000, 0xAC00..<0xD800: false
        // Starters by combining class that decompose into non-starters.
        case 0x0F73, 0x0F75, 0x0F81: true
        default: Unicode.Scalar(scalar).map { $0.properties.canonicalCombiningClass != .notReordered } ?? false
        }
    }

    /// The scalar at an index and its length in bytes; scalar 0 for invalid bytes.
    private static func scalar(
        at index: Int, of bytes: UnsafeBufferPointer<UInt8>, readsEscapes: Bool
    ) -> (scalar: UInt32, length: Int) {
        let first = bytes[index]
        switch first {
        case UInt8(ascii: "\\") where readsEscapes: return escape(at: index, of: bytes)
        case 0xC2...0xDF: return encoded(UInt32(first & 0x1F), 1, at: index, of: bytes)
        case 0xE0...0xEF: return encoded(UInt32(first & 0x0F), 2, at: index, of: bytes)
        case 0xF0...0xF4: return encoded(UInt32(first & 0x07), 3, at: index, of: bytes)
        default: return (0, 1)
        }
    }

    private static func encoded(
        _ leadingBits: UInt32, _ continuationBytes: Int, at index: Int, of bytes: UnsafeBufferPointer<UInt8>
    ) -> (scalar: UInt32, length: Int) {
        guard bytes.endIndex - index > continuationBytes else { return (0, 1) }
        var scalar = leadingBits
        for next in bytes[(index + 1)...(index + continuationBytes)] {
            guard next & 0xC0 == 0x80 else { return (0, 1) }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        return (scalar, continuationBytes + 1)
    }

    /// The scalar of a JSON escape; a surrogate pair is one scalar.
    private static func escape(
        at index: Int, of bytes: UnsafeBufferPointer<UInt8>
    ) -> (scalar: UInt32, length: Int) {
        guard let unit = unit(at: index, of: bytes) else { return (0, min(2, bytes.endIndex - index)) }
        guard (0xD800..<0xDC00).contains(unit), let low = Self.unit(at: index + 6, of: bytes),
            (0xDC00..<0xE000).contains(low)
        else { return (unit, 6) }
        return (0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), 12)
    }

    /// The UTF-16 code unit of a `\uXXXX` escape; `nil` if there is none at `index`.
    private static func unit(at index: Int, of bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard bytes.endIndex - index >= 6, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else {
            return nil
        }
        var unit: UInt32 = 0
        for byte in bytes[(index + 2)..<(index + 6)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

extension String {
    /// The text in the stream-safe format of Unicode.
    package var streamSafe: String {
        var text = self
        let converted = text.withUTF8 { StreamSafeText.convert($0, readsEscapes: false) }
        return converted.map { String(decoding: $0, as: UTF8.self) } ?? self
    }
}
