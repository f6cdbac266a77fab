// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc
import Retry

/// An exclusive lock on a key across all processes on this machine, held through a lock file.
///
/// The lock is released when the value is deinitialized or the process terminates in any way.
package final class KeyLock: Sendable {
    private let file: Int32

    /// Waits for the lock without a time limit.
    ///
    /// - Parameter path: the path of the lock file, which is created if necessary.
    /// - Throws: `unavailable` if the file cannot be created; `CancellationError`.
    package static func acquire(_ path: String) async throws -> KeyLock {
        while true {
            if let lock = try await acquire(path, within: .seconds(86_400)) { return lock }
        }
    }

    /// Waits for the lock.
    ///
    /// - Returns: `nil` if the lock is still held by another owner when the timeout expires.
    /// - Throws: `unavailable` if the file cannot be created; `CancellationError`.
    package static func acquire(_ path: String, within timeout: Duration) async throws -> KeyLock? {
        var lock: KeyLock?
        try await poll(Backoff(every: .milliseconds(50)), within: timeout) {
            lock = try KeyLock(path)
            return lock != nil
        }
        return lock
    }

    /// - Returns: `nil` while another owner holds the lock.
    private init?(_ path: String) throws(ServiceError) {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return nil }
        // Code that removes old files must not remove a lock file in use.
        futimens(file, nil)
    }

    deinit { close(file) }
}
