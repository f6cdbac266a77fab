// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Owns a file descriptor for reads at any offset.
struct RandomAccessFile: ~Copyable {
    private let descriptor: Int32

    /// - Throws: `notFound`.
    init(_ path: String) throws(MediaError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MediaError(.notFound, "\(fileName(path)): no such file") }
    }

    deinit { close(descriptor) }

    /// Reads at most `count` bytes; `nil` at the end of the file.
    func read(at offset: Int, count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(pread(descriptor, buffer.baseAddress, count, offset), 0)
        }
        return bytes.isEmpty ? nil : bytes
    }
}
