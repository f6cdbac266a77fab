// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Shows that a call that probes a provider is in progress, in any process: a shared lock on a file, released with the value or the
/// process.
final class ProbeLock: Sendable {
    private let file: Int32

    /// Locks the file at a path.
    ///
    /// - Returns: `nil` if the file cannot be locked.
    init?(_ path: String) {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0, flock(file, LOCK_SH | LOCK_NB) == 0 else { return nil }
    }

    deinit {
        if file >= 0 { close(file) }
    }

    /// Whether any process holds the lock.
    static func isHeld(_ path: String) -> Bool {
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) != 0
    }
}
