import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc

/// Events as lines of a local file, `{"timestamp":...,"event_type":...,"data":{...}}`.
///
/// Events that come together are one `write` in append mode, alone on the file: lines of several replicas never mix, and a process
/// that is killed leaves whole lines. A torn last line, which only a crash of the machine leaves, is ended before the next is written.
actor EventFile {
    private let path: String
    private let maximumBytes: Int
    private let isPrivate: Bool
    private var descriptor: Int32 = -1
    /// Whether the file's name is on the disk.
    private var hasName = false
    private(set) var delivered = 0
    private(set) var dropped = 0

    /// - Parameters:
    ///   - maximumBytes: beyond, the file is put aside as `….1.jsonl` and a new one begun.
    ///   - isPrivate: whether nobody else may read the file and its folder. A file that a user chose can be read by its group.
    init(path: String, maximumBytes: Int = 64 * 1024 * 1024, isPrivate: Bool = false) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.isPrivate = isPrivate
        if isPrivate { PrivateFolder.tighten(DurableFile.folder(of: path)) }
    }

    /// Keeps one event.
    ///
    /// - Parameter data: the JSON text of an object, without a line end; it is kept as it is.
    /// - Throws: as for several.
    func append(_ timestamp: Timestamp, _ eventType: String, data: Data) throws(ServiceError) {
        try append([KeptEvent(timestamp, eventType, data: data)])
    }

    /// Keeps events by one write, all or none.
    ///
    /// - Throws: `unavailable` with the reason, e.g. a full disk; the events are then counted as dropped.
    func append(_ events: [KeptEvent]) throws(ServiceError) {
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

    /// Brings all that was written to the disk, and the name of the file.
    func flush() throws(ServiceError) {
        guard descriptor >= 0 else { return }
        guard fsync(descriptor) == 0 else { throw FileFailure.error(errno, "cannot flush \(path)") }
        guard !hasName else { return }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
        hasName = true
    }

    /// Where events are, the newest file first.
    nonisolated var paths: [String] { [path, rotated] }

    private nonisolated var rotated: String {
        path.hasSuffix(".jsonl") ? "\(path.dropLast(6)).1.jsonl" : "\(path).1"
    }

    private func open() throws(ServiceError) {
        if descriptor >= 0 {
            if isCurrent, size < maximumBytes { return }
            putAside()
            close(descriptor)
            descriptor = -1
        }
        let folder = DurableFile.folder(of: path)
        if isPrivate { try PrivateFolder.make(folder) } else { try DurableFile.makeFolder(folder) }
        hasName = false
        descriptor = Glibc.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, isPrivate ? 0o600 : 0o640)
        guard descriptor >= 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
    }

    /// Whether the open file is the one that has the name: another replica may have put it aside.
    private var isCurrent: Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }

    private var size: Int { Int(lseek(descriptor, 0, SEEK_END)) }

    /// Of several replicas that find the file grown, the first renames it.
    private func putAside() {
        flock(descriptor, LOCK_EX)
        defer { flock(descriptor, LOCK_UN) }
        if isCurrent { rename(path, rotated) }
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
        // A part of a line went onto a disk that is now full: take it back.
        if count > 0 { ftruncate(descriptor, off_t(size)) }
        throw FileFailure.error(count < 0 ? code : ENOSPC, "cannot write \(path)")
    }
}
