// SPDX-License-Identifier: Apache-2.0

import CZlib
import FoundationEssentials

/// Compressed text in the job store, which keeps the file small because each start reads all of it.
///
/// The format is a byte 1, the length of the text in four bytes (big-endian), and a zlib stream. Uncompressed JSON, which begins with `{`,
/// is read too.
enum PackedText {
    /// The maximum size of a text in bytes.
    private static let maximumSize = 64 * 1024 * 1024
    /// The first byte of compressed text.
    private static let mark: UInt8 = 1
    /// The number of bytes before the zlib stream.
    private static let header = 5

    /// Compresses a text.
    ///
    /// - Returns: the text itself if it cannot be compressed.
    static func pack(_ text: Data) -> Data {
        guard text.count <= maximumSize else { return text }
        var size = compressBound(uLong(text.count))
        var packed = [UInt8](repeating: 0, count: header + Int(size))
        packed[0] = mark
        for index in 1...4 { packed[index] = UInt8(text.count >> (8 * (4 - index)) & 0xFF) }
        let code = packed.withUnsafeMutableBufferPointer { output in
            text.withUnsafeBytes { input in
                compress2(
                    UnsafeMutableBufferPointer(rebasing: output[header...]).baseAddress, &size,
                    input.bindMemory(to: UInt8.self).baseAddress, uLong(text.count), Z_BEST_SPEED)
            }
        }
        return code == Z_OK ? Data(packed.prefix(header + Int(size))) : text
    }

    /// Decompresses a text.
    ///
    /// - Returns: `nil` for bytes that `pack` did not produce.
    static func unpack(_ bytes: Data) -> Data? {
        guard bytes.first != UInt8(ascii: "{") else { return bytes }
        let bytes = Array(bytes)
        guard bytes.count > header, bytes[0] == mark else { return nil }
        let length = bytes[1..<header].reduce(0) { $0 << 8 | Int($1) }
        guard length <= maximumSize else { return nil }
        var size = uLong(length)
        let text = [UInt8](unsafeUninitializedCapacity: length) { output, count in
            let code = bytes.withUnsafeBufferPointer { input in
                let packed = UnsafeBufferPointer(rebasing: input[header...])
                return uncompress(output.baseAddress, &size, packed.baseAddress, uLong(packed.count))
            }
            count = code == Z_OK && size == uLong(length) ? length : 0
        }
        return text.count == length ? Data(text) : nil
    }
}
