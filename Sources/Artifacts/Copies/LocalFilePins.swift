// SPDX-License-Identifier: Apache-2.0

import Calls
import Synchronization

/// Pins local files whose paths were handed out: until the current call ends, or for a fixed time outside of a call.
final class LocalFilePins: Sendable {
    /// Minimum validity of a path that was handed out outside of a call.
    private static let validity = Duration.seconds(600)

    private let pinned = Mutex<[String: (file: LocalFile, until: ContinuousClock.Instant)]>([:])

    /// Pins a file.
    ///
    /// - Returns: the file's path.
    func path(_ file: LocalFile) -> String {
        let now = ContinuousClock.now
        let isHeld = CallContext.resources.map { $0.retain(file) } != nil
        // Expired files are released outside of the lock because their release may remove files.
        var expired: [LocalFile] = []
        pinned.withLock { pinned in
            for (path, pin) in pinned where pin.until < now {
                expired.append(pin.file)
                pinned[path] = nil
            }
            if !isHeld { pinned[file.path] = (file, now + Self.validity) }
        }
        return file.path
    }
}
