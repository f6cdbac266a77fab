import Crypto
import FoundationEssentials
import Glibc

/// The SHA-256 and the size of what is stored.
struct FileDigest: Sendable {
    let bytes: SHA256.Digest
    let size: Int

    var base64: String { Data(bytes).base64EncodedString() }

    /// - Parameter range: of a file's bytes; all if absent.
    /// - Throws: `file`, and `CancellationError` from a cancelled task.
    init(_ source: S3Source, range: Range<Int>? = nil, name: String) throws {
        switch source {
        case .bytes(let data):
            bytes = SHA256.hash(data: data)
            size = data.count
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.failure(path, name) }
            defer { close(descriptor) }
            var (hash, total) = (SHA256(), 0)
            var buffer = [UInt8](repeating: 0, count: 256 * 1024)
            while true {
                try Task.checkCancellation()
                let wanted = min(buffer.count, (range?.count ?? .max) - total)
                let count = pread(descriptor, &buffer, wanted, off_t((range?.lowerBound ?? 0) + total))
                if count == 0 { break }
                guard count > 0 else {
                    if errno == EINTR { continue }
                    throw Self.failure(path, name)
                }
                buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                total += count
            }
            bytes = hash.finalize()
            size = total
        }
    }

    /// Bytes of a file.
    static func size(_ path: String, name: String) throws(AWSError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path, name) }
        return Int(status.st_size)
    }

    private static func failure(_ path: String, _ name: String) -> AWSError {
        let code = errno
        return AWSError(file: code, "\(name): \(path) cannot be read: \(String(cString: strerror(code)))")
    }
}
