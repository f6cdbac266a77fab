import Faults
import Glibc
import Retry

/// An exclusive claim on a key, shared by all processes of this machine through a lock file; released when the value goes, or
/// when the process ends, however it ends.
package final class KeyHold: Sendable {
    private let file: Int32

    /// Waits until nobody else has the claim.
    ///
    /// - Parameter path: of the lock file, which is created.
    /// - Throws: `unavailable` if the file cannot be created; `CancellationError`.
    package static func wait(for path: String) async throws -> KeyHold {
        while true {
            if let hold = try await wait(for: path, within: .seconds(86_400)) { return hold }
        }
    }

    /// - Returns: `nil` if somebody else still has the claim when the patience ends.
    /// - Throws: `unavailable` if the file cannot be created; `CancellationError`.
    package static func wait(for path: String, within patience: Duration) async throws -> KeyHold? {
        var hold: KeyHold?
        try await poll(Backoff(every: .milliseconds(50)), within: patience) {
            hold = try KeyHold(path)
            return hold != nil
        }
        return hold
    }

    /// - Returns: `nil` while another call has it.
    private init?(_ path: String) throws(ServiceError) {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return nil }
        // One in use must not look old to code that deletes what is.
        futimens(file, nil)
    }

    deinit { close(file) }
}
