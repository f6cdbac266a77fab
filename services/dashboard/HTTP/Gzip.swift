import CZlib

/// Packs what is sent, for browsers that ask for it.
enum Gzip {
    /// Windows of 32 KiB, and a gzip header.
    private static let window: Int32 = 15 + 16

    /// - Parameter level: 1 (quick) to 9 (small).
    /// - Returns: `nil` where there is no memory.
    static func pack(_ bytes: [UInt8], level: Int32) -> [UInt8]? {
        var stream = z_stream()
        guard czlib_begin(&stream, level, window) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var bytes = bytes
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        return bytes.withUnsafeMutableBufferPointer { input -> [UInt8]? in
            var isWhole = false
            let packed = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(bound)
                isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
                count = bound - Int(stream.avail_out)
            }
            return isWhole ? packed : nil
        }
    }
}
