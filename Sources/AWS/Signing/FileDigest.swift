// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Hashing

/// The SHA-256 digest and the size of an upload's bytes.
struct FileDigest: Sendable {
    let bytes: Hashing.Digest
    /// Size in bytes.
    let size: Int

    var base64: String { Data(bytes).base64EncodedString() }

    /// Computes the digest.
    ///
    /// - Parameters:
    ///   - range: the range of a file's bytes; all if absent.
    ///   - name: the object in messages.
    /// - Throws: `AWSError` if the file cannot be read; `CancellationError`.
    init(_ source: S3Source, range: Range<Int>? = nil, name: String) throws {
        switch source {
        case .bytes(let data):
            bytes = SHA256.hash(data)
            size = data.count
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.failure(path, name) }
            defer { close(descriptor) }
            var hash = SHA256()
            var total = 0
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
                buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                total += count
            }
            bytes = hash.finalize()
            size = total
        }
    }

    /// The size of a file in bytes.
    ///
    /// - Parameter name: the object in messages.
    /// - Throws: `AWSError` if the file does not exist.
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
