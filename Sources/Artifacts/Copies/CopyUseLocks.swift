// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Locks copies that are in use, across all processes on this machine.
///
/// Each copy has one byte of the file `.uses`. A user holds a shared lock on this byte; a copy is removed only under the exclusive lock.
/// Locks are released when their process terminates in any way.
final class CopyUseLocks: Sendable {
    private struct State {
        var file: Int32 = -1
        /// The number of uses in this process by byte.
        var useCounts: [Int: Int] = [:]
    }

    private let path: String
    private let state = Mutex(State())

    /// - Parameter folder: the folder of the copies.
    init(folder: String) {
        path = "\(folder)/.uses"
    }

    deinit {
        state.withLock { state in
            if state.file >= 0 { close(state.file) }
        }
    }

    /// Locks a copy, which may not exist yet, until `release`.
    ///
    /// - Parameter name: the file name of the copy, which begins with a digest.
    /// - Returns: `false` while the copy is being removed.
    func acquire(_ name: Substring) -> Bool {
        let byte = Self.byte(name)
        return state.withLock { state in
            open(&state)
            if state.useCounts[byte] == nil, !Self.lock(state.file, byte, F_RDLCK) { return false }
            state.useCounts[byte, default: 0] += 1
            return true
        }
    }

    /// Ends one use of a copy.
    func release(_ name: Substring) {
        let byte = Self.byte(name)
        state.withLock { state in
            let remaining = (state.useCounts[byte] ?? 1) - 1
            state.useCounts[byte] = remaining > 0 ? remaining : nil
            if remaining == 0 { _ = Self.lock(state.file, byte, F_UNLCK) }
        }
    }

    /// Removes a copy unless it is in use.
    ///
    /// - Returns: whether the copy no longer exists.
    func remove(_ path: String) -> Bool {
        // Locks belong to the open file description, so this one also conflicts with the locks of this process.
        let file = Glibc.open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        guard Self.lock(file, Self.byte(path.split(separator: "/").last ?? ""), F_WRLCK) else { return false }
        return unlink(path) == 0 || errno == ENOENT
    }

    /// Opens the lock file, and reopens it if it was removed.
    private func open(_ state: inout State) {
        var status = stat()
        if state.file >= 0 {
            if fstat(state.file, &status) == 0, status.st_nlink > 0 { return }
            close(state.file)
        }
        state.file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        for byte in state.useCounts.keys { _ = Self.lock(state.file, byte, F_RDLCK) }
    }

    /// The byte of a copy, derived from the digest in its name.
    private static func byte(_ name: Substring) -> Int {
        Int(name.prefix(15), radix: 16) ?? 0
    }

    /// Sets a lock without waiting.
    ///
    /// - Returns: `false` if a lock conflicts. On file systems without locks, shared locks succeed and exclusive ones fail.
    private static func lock(_ file: Int32, _ byte: Int, _ kind: Int32) -> Bool {
        guard file >= 0 else { return kind != F_WRLCK }
        var lock = flock()
        lock.l_type = Int16(kind)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(byte)
        lock.l_len = 1
        if fcntl(file, openFileLock, &lock) == 0 { return true }
        return errno != EAGAIN && errno != EACCES && kind != F_WRLCK
    }

    /// `F_OFD_SETLK` of Linux.
    private static let openFileLock: Int32 = 37
}
