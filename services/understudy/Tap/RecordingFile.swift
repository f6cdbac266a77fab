// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc

/// A file of a tap's lines, which only this user may read.
final class RecordingFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Creates the file, or empties it.
    ///
    /// - Throws: `unavailable` if it cannot be written.
    init(_ path: String) throws(ServiceError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    /// Appends a line.
    ///
    /// - Throws: `unavailable` if the disk is full, or the file cannot be written for another reason.
    func append(_ line: Data) throws(ServiceError) {
        var bytes = [UInt8](line) + [UInt8(ascii: "\n")]
        while !bytes.isEmpty {
            let count = write(descriptor, bytes, bytes.count)
            guard count > 0 else { throw Self.failure(path) }
            bytes.removeFirst(count)
        }
    }

    private static func failure(_ path: String) -> ServiceError {
        ServiceError(.unavailable, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
