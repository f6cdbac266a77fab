// SPDX-License-Identifier: Apache-2.0

/// Decodes base64 in the forms that servers send: the standard and the URL-safe alphabet (RFC 4648), with or without padding, with
/// line breaks and other white space.
///
/// ```swift
/// var characters = "AAAA".utf8.makeIterator()
/// let bytes = LenientBase64.decode(&characters, size: 4)  // [0, 0, 0]
/// ```
package enum LenientBase64 {
    /// Decodes a text.
    ///
    /// - Parameters:
    ///   - characters: The text; read to the end.
    ///   - size: The maximum number of characters; memory for it is reserved.
    ///   - isPercentEncoded: Whether `%2B` stands for `+`, as in a URI.
    /// - Returns: `nil` if the text is empty, ends in the middle of a byte, or contains other characters.
    package static func decode(
        _ characters: inout some IteratorProtocol<UInt8>, size: Int, isPercentEncoded: Bool = false
    ) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(size / 4 * 3 + 3)
        var (bits, count, padding): (UInt32, Int, Int) = (0, 0, 0)
        while var byte = characters.next() {
            if isPercentEncoded, byte == UInt8(ascii: "%") {
                guard let decoded = PercentDecoding.next(&characters) else { return nil }
                byte = decoded
            }
            let value = values[Int(byte)]
            if value < 64 {
                guard padding == 0 else { return nil }
                bits = bits << 6 | UInt32(value)
                count += 1
                if count % 4 == 0 {
                    output.append(UInt8(truncatingIfNeeded: bits >> 16))
                    output.append(UInt8(truncatingIfNeeded: bits >> 8))
                    output.append(UInt8(truncatingIfNeeded: bits))
                }
            } else if value == pad {
                padding += 1
            } else if value != space {
                return nil
            }
        }
        guard count > 0, padding <= 3 else { return nil }
        switch count % 4 {
        case 1: return nil
        case 2: output.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            output.append(UInt8(truncatingIfNeeded: bits >> 10))
            output.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: break
        }
        return output
    }

    private static let pad: UInt8 = 64
    private static let space: UInt8 = 65

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (index, byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            values[Int(byte)] = UInt8(index)
        }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        values[Int(UInt8(ascii: "="))] = pad
        for byte in [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20] { values[byte] = space }
        return values
    }()
}
