// SPDX-License-Identifier: Apache-2.0

package import Faults
package import FoundationEssentials
import Glibc

/// An open regular file.
///
/// Devices, named pipes, sockets, directories and files of pseudo file systems are never opened: the type is checked before opening, and
/// again on the descriptor because the path may have changed in between. Symbolic links are resolved once, when the file is opened.
package final class RegularFile: Sendable {
    /// The file descriptor, closed on deinitialization.
    package let descriptor: Int32
    /// Size in bytes when the file was opened.
    package let size: Int
    /// The path as the caller specified it, for messages.
    private let path: String

    /// Opens a file for reading.
    ///
    /// - Throws: `not_found`; `invalid_params` if the path is not a regular file; other errors of the system.
    package init(reading path: String) throws(ServiceError) {
        self.path = path
        (descriptor, size) = try Self.open(path)
    }

    /// Opens a file for reading.
    ///
    /// - Returns: a descriptor that the caller must close.
    /// - Throws: `not_found`; `invalid_params` if the path is not a regular file; other errors of the system.
    package static func descriptor(reading path: String) throws(ServiceError) -> Int32 { try open(path).descriptor }

    private static func open(_ path: String) throws(ServiceError) -> (descriptor: Int32, size: Int) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
        try FileType(status).checkRegular(path)
        guard let real = FileStore.realPath(path) else { throw FileFailure.error(errno, "cannot open \(path)") }
        try PseudoFileSystems.reject(real, as: path)
        let descriptor = Glibc.open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
        do throws(ServiceError) {
            guard fstat(descriptor, &status) == 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
            try FileType(status).checkRegular(path)
            try PseudoFileSystems.reject(descriptor, as: path)
        } catch {
            close(descriptor)
            throw error
        }
        return (descriptor, Int(status.st_size))
    }

    deinit { close(descriptor) }

    /// Reads the whole file.
    ///
    /// - Parameter maximum: maximum size in bytes; a file that is larger, or grows while it is read, fails with `too_large`.
    /// - Throws: `too_large`; errors of the system.
    package func bytes(maximum: Int) throws(ServiceError) -> Data {
        guard size <= maximum else {
            throw ServiceError(.tooLarge, "\(path) has \(size) bytes; at most \(maximum) are allowed")
        }
        var all = Data()
        all.reserveCapacity(size)
        while true {
            let part = try bytes(at: all.count, count: 1 << 20)
            if part.isEmpty { return all }
            all.append(part)
            guard all.count <= maximum else {
                throw ServiceError(.tooLarge, "\(path) has more than \(maximum) bytes")
            }
        }
    }

    /// Reads bytes from an offset; fewer only at the end of the file.
    ///
    /// - Throws: errors of the system.
    package func bytes(at offset: Int, count: Int) throws(ServiceError) -> Data {
        var bytes = Data(count: count)
        var filled = 0
        while filled < count {
            let readCount = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
            }
            if readCount < 0, errno == EINTR { continue }
            guard readCount >= 0 else { throw FileFailure.error(errno, "cannot read \(path)") }
            guard readCount > 0 else { break }
            filled += readCount
        }
        return bytes.prefix(filled)
    }

    /// Copies the bytes to a new file, with `sendfile` if the file systems support it.
    ///
    /// - Parameter target: a path that does not exist.
    /// - Throws: `unavailable` or other errors of the system; a partial file may remain.
    package func copy(to target: String) throws(ServiceError) {
        let output = Glibc.open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard output >= 0 else { throw FileFailure.error(errno, "cannot write \(target)") }
        defer { close(output) }
        var offset = off_t(0)
        while true {
            let count = sendfile(output, descriptor, &offset, 1 << 30)
            if count > 0 { continue }
            if count == 0 { return }
            switch errno {
            case EINTR, EAGAIN: continue
            case EINVAL, ENOSYS: return try copyBytes(to: output, from: Int(offset), target)
            default: throw FileFailure.error(errno, "cannot copy \(path) to \(target)")
            }
        }
    }

    /// Copies through a buffer, for file systems without `sendfile`.
    private func copyBytes(to output: Int32, from start: Int, _ target: String) throws(ServiceError) {
        var offset = start
        guard lseek(output, off_t(offset), SEEK_SET) >= 0 else {
            throw FileFailure.error(errno, "cannot write \(target)")
        }
        while true {
            let part = try bytes(at: offset, count: 1 << 20)
            if part.isEmpty { return }
            offset += part.count
            var remaining = part[...]
            while !remaining.isEmpty {
                let count = remaining.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw FileFailure.error(errno, "cannot write \(target)") }
                remaining = remaining.dropFirst(count)
            }
        }
    }
}
