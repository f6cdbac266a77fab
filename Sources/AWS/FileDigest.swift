import Crypto
import FoundationEssentials
import Glibc

/// The SHA-256 and the size of what is stored.
struct FileDigest: Sendable {
    let bytes: SHA256.Digest
    let size: Int

    /// - Throws: `file`, and `CancellationError` from a cancelled task.
    init(_ source: S3Client.Source, name: String) throws {
        switch source {
        case .bytes(let data):
            bytes = SHA256.hash(data: data)
            size = data.count
        case .file(let path):
            func failure() -> AWSError {
                let code = errno
                return AWSError(
                    .file, "\(name): \(path) cannot be read: \(String(cString: strerror(code)))", errno: code)
            }
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure() }
            defer { close(descriptor) }
            var (hash, total) = (SHA256(), 0)
            var buffer = [UInt8](repeating: 0, count: 256 * 1024)
            while true {
                try Task.checkCancellation()
                let count = read(descriptor, &buffer, buffer.count)
                if count == 0 { break }
                guard count > 0 else {
                    if errno == EINTR { continue }
                    throw failure()
                }
                buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                total += count
            }
            bytes = hash.finalize()
            size = total
        }
    }
}
