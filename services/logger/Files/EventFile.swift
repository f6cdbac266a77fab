// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc

/// A file of events, one JSON object `{"timestamp":...,"event_type":...,"data":{...}}` per line.
///
/// A group of events is appended by one `write` under an exclusive lock, so lines of several replicas never interleave and a killed process
/// leaves complete lines. A torn last line, which only a system crash can leave, is terminated before the next write.
actor EventFile {
    private let path: String
    private let maximumBytes: Int
    private let isPrivate: Bool
    private var descriptor: Int32 = -1
    /// Whether the file's directory entry is durable.
    private var isEntryDurable = false
    /// The number of events written since the start.
    private(set) var delivered = 0
    /// The number of events lost since the start.
    private(set) var dropped = 0

    /// - Parameters:
    ///   - maximumBytes: the size at which the file is rotated to `….1.jsonl`.
    ///   - isPrivate: whether to restrict the file and its folder to this user. A file that the user configured is readable by its group.
    init(path: String, maximumBytes: Int = 64 * 1024 * 1024, isPrivate: Bool = false) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.isPrivate = isPrivate
        if isPrivate { PrivateFolder.restrictPermissions(DurableFile.folder(of: path)) }
    }

    /// Appends one event.
    ///
    /// - Parameter data: the JSON text of an object without line ends, which is stored unchanged.
    /// - Throws: as the method for several events.
    func append(_ timestamp: Timestamp, _ eventType: String, data: Data) throws(ServiceError) {
        try append([SpooledEvent(timestamp, eventType, data: data)])
    }

    /// Appends events by one write, all or none.
    ///
    /// - Throws: `unavailable` with the reason, for example a full disk. The events are counted as dropped then.
    func append(_ events: [SpooledEvent]) throws(ServiceError) {
        var lines = Data(capacity: events.reduce(0) { $0 + $1.message.count + 1 })
        for event in events {
            lines += event.message
            lines.append(UInt8(ascii: "\n"))
        }
        do {
            try open()
            try write(lines)
            delivered += events.count
        } catch {
            dropped += events.count
            throw error
        }
    }

    /// Flushes the written events and the file's directory entry to the disk.
    ///
    /// - Throws: why the file could not be flushed.
    func flush() throws(ServiceError) {
        guard descriptor >= 0 else { return }
        guard fsync(descriptor) == 0 else { throw FileFailure.error(errno, "cannot flush \(path)") }
        guard !isEntryDurable else { return }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
        isEntryDurable = true
    }

    /// The paths of the files with events, newest file first.
    nonisolated var paths: [String] { [path, rotatedPath] }

    private nonisolated var rotatedPath: String {
        path.hasSuffix(".jsonl") ? "\(path.dropLast(6)).1.jsonl" : "\(path).1"
    }

    private func open() throws(ServiceError) {
        if descriptor >= 0 {
            if isCurrent, size < maximumBytes { return }
            rotate()
            close(descriptor)
            descriptor = -1
        }
        let folder = DurableFile.folder(of: path)
        if isPrivate { try PrivateFolder.make(folder) } else { try DurableFile.makeFolder(folder) }
        isEntryDurable = false
        descriptor = Glibc.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, isPrivate ? 0o600 : 0o640)
        guard descriptor >= 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
    }

    /// Whether the open file is still at the path. Another replica may have rotated it.
    private var isCurrent: Bool {
        var (opened, current) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && stat(path, &current) == 0 && opened.st_ino == current.st_ino
            && opened.st_dev == current.st_dev
    }

    private var size: Int { Int(lseek(descriptor, 0, SEEK_END)) }

    /// Renames the file, unless another replica already has.
    private func rotate() {
        flock(descriptor, LOCK_EX)
        defer { flock(descriptor, LOCK_UN) }
        if isCurrent { rename(path, rotatedPath) }
    }

    private func write(_ lines: Data) throws(ServiceError) {
        flock(descriptor, LOCK_EX)
        defer { flock(descriptor, LOCK_UN) }
        let size = size
        var last = UInt8(ascii: "\n")
        let isTorn = size > 0 && pread(descriptor, &last, 1, off_t(size - 1)) == 1 && last != UInt8(ascii: "\n")
        let text = isTorn ? Data("\n".utf8) + lines : lines
        let (count, code) = text.withUnsafeBytes { bytes in
            while true {
                let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                if count >= 0 || errno != EINTR { return (count, errno) }
            }
        }
        if count == text.count { return }
        // The disk filled up during the write: removes the partial line.
        if count > 0 { ftruncate(descriptor, off_t(size)) }
        throw FileFailure.error(count < 0 ? code : ENOSPC, "cannot write \(path)")
    }
}
