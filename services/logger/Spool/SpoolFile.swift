import Artifacts
import Faults
import FoundationEssentials
import Glibc

/// One file of the spool: lines that are only ever added. Whoever holds its lock owns it; a file that nobody holds is an orphan.
final class SpoolFile {
    let path: String
    private(set) var bytes = 0
    private let descriptor: Int32
    /// Whether the file's name is on the disk.
    private var hasName = false

    /// Makes a file that nobody else has.
    ///
    /// - Throws: why it cannot be made, e.g. a full disk.
    init(making path: String) throws(ServiceError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure.error(errno, "cannot make \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            // Somebody takes it for an orphan already, and removes it.
            close(descriptor)
            throw ServiceError(.unavailable, "cannot lock \(path): try again")
        }
    }

    /// Takes a file that its owner left behind; `nil` where it is held, or gone.
    init?(adopting path: String) {
        self.path = path
        descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var (held, named) = (stat(), stat())
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &held) == 0, stat(path, &named) == 0,
            held.st_ino == named.st_ino
        else {
            close(descriptor)
            return nil
        }
        bytes = Int(held.st_size)
        // What follows must not become a part of a torn last line.
        var last = UInt8(ascii: "\n")
        if bytes > 0, pread(descriptor, &last, 1, off_t(bytes - 1)) == 1, last != UInt8(ascii: "\n") {
            try? append(Data("\n".utf8))
        }
    }

    deinit { close(descriptor) }

    /// Adds lines, all or none.
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

    /// What the file has from a place on.
    func read(from offset: Int) throws(ServiceError) -> Data {
        guard bytes > offset else { return Data() }
        var data = Data(count: bytes - offset)
        let count = data.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        guard count >= 0 else { throw FileFailure.error(errno, "cannot read \(path)") }
        return data.prefix(count)
    }

    /// Brings the file and its name to the disk.
    func sync() throws(ServiceError) {
        guard fdatasync(descriptor) == 0 else { throw FileFailure.error(errno, "cannot flush \(path)") }
        guard !hasName else { return }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
        hasName = true
    }

    func remove() { unlink(path) }
}
