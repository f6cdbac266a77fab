import CZlib
import FoundationEssentials

/// Text as the job store keeps it compressed, since each start reads the whole file: a byte 1, the text's length in four bytes, the most
/// significant first, and a zlib stream. Text that was stored as it is, which begins with `{`, is read too.
enum PackedText {
    /// Bytes of the longest text that is unpacked.
    private static let largest = 64 * 1024 * 1024
    private static let mark: UInt8 = 1
    private static let header = 5

    /// - Returns: the text itself where it cannot be compressed.
    static func pack(_ text: Data) -> Data {
        guard text.count <= largest else { return text }
        var size = compressBound(uLong(text.count))
        var packed = [UInt8](repeating: 0, count: header + Int(size))
        packed[0] = mark
        for place in 1...4 { packed[place] = UInt8(text.count >> (8 * (4 - place)) & 0xFF) }
        let code = packed.withUnsafeMutableBufferPointer { output in
            text.withUnsafeBytes { input in
                compress2(
                    UnsafeMutableBufferPointer(rebasing: output[header...]).baseAddress, &size,
                    input.bindMemory(to: UInt8.self).baseAddress, uLong(text.count), Z_BEST_SPEED)
            }
        }
        return code == Z_OK ? Data(packed.prefix(header + Int(size))) : text
    }

    /// - Returns: `nil` for what `pack` has not made.
    static func unpack(_ bytes: Data) -> Data? {
        guard bytes.first != UInt8(ascii: "{") else { return bytes }
        let bytes = Array(bytes)
        guard bytes.count > header, bytes[0] == mark else { return nil }
        let length = bytes[1..<header].reduce(0) { $0 << 8 | Int($1) }
        guard length <= largest else { return nil }
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
