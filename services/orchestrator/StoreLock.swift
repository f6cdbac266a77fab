import Glibc
import JSONRPC

/// Two orchestrators on one store would run every job twice: the second is refused. The lock dies with the process.
final class StoreLock: Sendable {
    private let file: Int32

    /// - Throws: `conflict` where another process has it.
    init(path: String) throws(ServiceError) {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard file >= 0 else {
            throw ServiceError(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw ServiceError(
                .conflict, "another orchestrator uses this job store (\(path) is locked): set UNDERSTUDY_STATE_DIR")
        }
    }

    deinit { close(file) }
}
