package import Faults
import Glibc

/// A file that one process has locked; the lock dies with the process.
package final class InstanceLock: Sendable {
    private let path: String
    private let file: Int32

    /// -> `nil` where another process has it for longer than `patience`.
    ///
    /// - Parameter patience: who looks for dead replicas has a lock for a moment.
    /// - Throws: `unavailable` where the file cannot be opened.
    package init?(path: String, patience: Duration) throws(ServiceError) {
        let end = ContinuousClock.now + patience
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o660)
            guard file >= 0 else {
                throw ServiceError(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))")
            }
            if flock(file, LOCK_EX | LOCK_NB) == 0, Self.is(file, at: path) {
                self.path = path
                self.file = file
                return
            }
            close(file)
            guard ContinuousClock.now < end else { return nil }
            usleep(10_000)
        }
    }

    deinit { close(file) }

    /// Takes the file away while it is locked.
    func remove() { unlink(path) }

    /// Whether the file is still the one of that name: it may have been removed before it was locked.
    private static func `is`(_ file: Int32, at path: String) -> Bool {
        var (mine, named) = (stat(), stat())
        return fstat(file, &mine) == 0 && lstat(path, &named) == 0 && mine.st_ino == named.st_ino
            && mine.st_dev == named.st_dev
    }
}
