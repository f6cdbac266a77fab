// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Faults
import FoundationEssentials
import Glibc

/// An append-only file of the spool. The process that holds its lock owns it; an unlocked file is orphaned.
final class SpoolFile {
    let path: String
    /// Size of the file in bytes.
    private(set) var bytes = 0
    private let descriptor: Int32
    /// Whether the file's directory entry is durable.
    private var isEntryDurable = false

    /// Creates and locks a new file.
    ///
    /// - Throws: why the file cannot be created, for example a full disk.
    init(creating path: String) throws(ServiceError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure.error(errno, "cannot create \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            // Another process has already adopted the file as orphaned.
            close(descriptor)
            throw ServiceError(.unavailable, "cannot lock \(path); try again")
        }
    }

    /// Adopts an orphaned file.
    ///
    /// - Returns: `nil` if the file is locked or no longer exists.
    init?(adopting path: String) {
        self.path = path
        descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var (opened, current) = (stat(), stat())
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &opened) == 0, stat(path, &current) == 0,
            opened.st_ino == current.st_ino
        else {
            close(descriptor)
            return nil
        }
        bytes = Int(opened.st_size)
        // Terminates a torn last line, so that the next line is not appended to it.
        var last = UInt8(ascii: "\n")
        if bytes > 0, pread(descriptor, &last, 1, off_t(bytes - 1)) == 1, last != UInt8(ascii: "\n") {
            try? append(Data("\n".utf8))
        }
    }

    deinit { close(descriptor) }

    /// Appends lines, all or none.
    ///
    /// - Throws: why the lines could not be written.
    func append(_ lines: Data) throws(ServiceError) {
        let (count, code) = lines.withUnsafeBytes { text in
            while true {
                let count = write(descriptor, text.baseAddress, text.count)
                if count >= 0 || errno != EINTR { return (count, errno) }
            }
        }
        if count == lines.count {
            bytes += count
            return
        }
        if count > 0 { ftruncate(descriptor, off_t(bytes)) }
        throw FileFailure.error(count < 0 ? code : ENOSPC, "cannot write \(path)")
    }

    /// Reads the file from an offset to its end.
    ///
    /// - Throws: why the file could not be read.
    func read(from offset: Int) throws(ServiceError) -> Data {
        guard bytes > offset else { return Data() }
        var data = Data(count: bytes - offset)
        let count = data.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        guard count >= 0 else { throw FileFailure.error(errno, "cannot read \(path)") }
        return data.prefix(count)
    }

    /// Flushes the file and its directory entry to the disk.
    ///
    /// - Throws: why the file could not be flushed.
    func sync() throws(ServiceError) {
        guard fdatasync(descriptor) == 0 else { throw FileFailure.error(errno, "cannot flush \(path)") }
        guard !isEntryDurable else { return }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
        isEntryDurable = true
    }

    func remove() { unlink(path) }
}
