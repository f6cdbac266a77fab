// SPDX-License-Identifier: Apache-2.0

package import Faults
import Glibc

/// A lock on a file, exclusive across processes; the kernel releases it when the process ends.
package final class InstanceLock: Sendable {
    private let path: String
    private let file: Int32

    /// Acquires the lock; `nil` if another process holds it until the timeout.
    ///
    /// - Parameter timeout: a short wait is needed, since the search for dead replicas locks files briefly.
    /// - Throws: `unavailable` if the file cannot be opened.
    package init?(path: String, timeout: Duration) throws(ServiceError) {
        let end = ContinuousClock.now + timeout
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o660)
            guard file >= 0 else {
                throw ServiceError(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))")
            }
            if flock(file, LOCK_EX | LOCK_NB) == 0, Self.isFile(file, at: path) {
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

    /// Removes the file while it is locked.
    func remove() { unlink(path) }

    /// Whether the open file still has its name: it may have been removed before it was locked.
    private static func isFile(_ file: Int32, at path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(file, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }
}
