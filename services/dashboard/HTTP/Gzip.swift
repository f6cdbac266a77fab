// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Compresses response bodies for clients that accept gzip.
enum Gzip {
    /// A window of 32 KiB (15 bits), and 16 to select the gzip format.
    private static let windowBits: Int32 = 15 + 16

    /// Compresses a body.
    ///
    /// - Parameter level: 1 (fastest) to 9 (smallest).
    /// - Returns: `nil` if zlib cannot allocate memory.
    static func compress(_ bytes: [UInt8], level: Int32) -> [UInt8]? {
        var stream = z_stream()
        guard czlib_begin(&stream, level, windowBits) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var bytes = bytes
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        return bytes.withUnsafeMutableBufferPointer { input -> [UInt8]? in
            var isComplete = false
            let compressed = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(bound)
                isComplete = deflate(&stream, Z_FINISH) == Z_STREAM_END
                count = bound - Int(stream.avail_out)
            }
            return isComplete ? compressed : nil
        }
    }
}
