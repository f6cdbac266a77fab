import Faults
import FoundationEssentials
import Glibc
import Synchronization

/// A file that holds an upload while it comes in and until it is in the store; it is removed with this object.
///
/// Its lock lasts as long as the process: a file that nobody has locked was left by a process that is gone, and `sweep` removes it.
final class UploadFile: Sendable {
    /// Files that one sweep looks at.
    private static let mostSwept = 100_000

    let path: String
    private let descriptor: Int32
    private let room: UploadRoom
    private let taken = Atomic(0)
    private let isDiscarded = Atomic(false)

    /// - Parameter room: what its bytes are taken from until it is discarded.
    /// - Throws: `unavailable` with the system's words.
    init(in folder: String, _ room: UploadRoom) throws(ServiceError) {
        self.room = room
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // A sweep of another process may take the new file before it is locked; the next name is another one.
        for _ in 0..<8 {
            let path = "\(folder)/.\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Self.failure(path) }
            var status = stat()
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
                (self.path, self.descriptor) = (path, descriptor)
                return
            }
            close(descriptor)
            unlink(path)
        }
        throw ServiceError(.unavailable, "cannot lock a file in \(folder)", retryable: true)
    }

    deinit { discard() }

    /// - Throws: `unavailable` with the system's words, or without room for them.
    func write(_ bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        try room.take(bytes.count)
        taken.add(bytes.count, ordering: .relaxed)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count > 0 || errno == EINTR else { throw Self.failure(path) }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// Removes the file.
    func discard() {
        guard !isDiscarded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        unlink(path)
        close(descriptor)
        room.give(taken.load(ordering: .relaxed))
    }

    /// Removes the files of processes that are gone. -> how many.
    @discardableResult
    static func sweep(_ folder: String) -> Int {
        guard let listing = opendir(folder) else { return 0 }
        defer { closedir(listing) }
        var removed = 0
        for _ in 0..<mostSwept {
            guard let entry = readdir(listing) else { break }
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix("."), name.hasSuffix(".tmp") else { continue }
            let path = "\(folder)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, unlink(path) == 0 { removed += 1 }
            close(descriptor)
        }
        return removed
    }

    private static func failure(_ path: String) -> ServiceError {
        ServiceError(.unavailable, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
