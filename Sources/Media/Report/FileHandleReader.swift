import Glibc

/// Owns a file that is read here and there.
struct FileHandleReader: ~Copyable {
    private let descriptor: Int32

    /// - Throws: `notFound`.
    init(_ path: String) throws(MediaError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MediaError(.notFound, "\(fileName(path)): no such file") }
    }

    deinit { close(descriptor) }

    /// At most so many bytes; `nil` at the end.
    func read(at offset: Int, count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(pread(descriptor, buffer.baseAddress, count, offset), 0)
        }
        return bytes.isEmpty ? nil : bytes
    }
}
