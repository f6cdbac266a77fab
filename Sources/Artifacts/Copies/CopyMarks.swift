import Glibc
import Synchronization

/// Marks the copies of a folder that are in use, for all processes of this machine: a shared lock on one byte of the file `.uses` for each
/// copy. A copy is removed only under the exclusive lock of its byte. Locks end with their process, however it ends.
final class CopyMarks: Sendable {
    private struct State {
        var file: Int32 = -1
        /// Uses in this process, by the byte.
        var counts: [Int: Int] = [:]
    }

    private let path: String
    private let state = Mutex(State())

    /// - Parameter folder: of the copies.
    init(folder: String) {
        path = "\(folder)/.uses"
    }

    deinit {
        state.withLock { state in
            if state.file >= 0 { close(state.file) }
        }
    }

    /// Marks a copy, which may not exist yet, as in use until `end`.
    ///
    /// - Returns: `false` while it is being removed.
    func begin(_ name: Substring) -> Bool {
        let byte = Self.byte(name)
        return state.withLock { state in
            open(&state)
            if state.counts[byte] == nil, !Self.lock(state.file, byte, F_RDLCK) { return false }
            state.counts[byte, default: 0] += 1
            return true
        }
    }

    func end(_ name: Substring) {
        let byte = Self.byte(name)
        state.withLock { state in
            let left = (state.counts[byte] ?? 1) - 1
            state.counts[byte] = left > 0 ? left : nil
            if left == 0 { _ = Self.lock(state.file, byte, F_UNLCK) }
        }
    }

    /// Removes a copy that nobody uses.
    ///
    /// - Returns: whether it is gone.
    func remove(_ path: String) -> Bool {
        // A lock belongs to the open file: this one's is in the way of this process's own marks too.
        let file = Glibc.open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        guard Self.lock(file, Self.byte(path.split(separator: "/").last ?? ""), F_WRLCK) else { return false }
        return unlink(path) == 0 || errno == ENOENT
    }

    /// Opens the file of the marks, again where somebody has removed it.
    private func open(_ state: inout State) {
        var status = stat()
        if state.file >= 0 {
            if fstat(state.file, &status) == 0, status.st_nlink > 0 { return }
            close(state.file)
        }
        state.file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        for byte in state.counts.keys { _ = Self.lock(state.file, byte, F_RDLCK) }
    }

    /// A copy's byte: its name is a digest.
    private static func byte(_ name: Substring) -> Int {
        Int(name.prefix(15), radix: 16) ?? 0
    }

    /// - Returns: `false` where another use is in the way. File systems without such locks have no marks.
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
