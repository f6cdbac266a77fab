import Calls
import Synchronization

/// Keeps the files whose paths were given out in place: until the call that asked has ended, or for a while where no call did.
final class LocalUses: Sendable {
    /// Seconds that a path which no call asked for is valid at the least.
    private static let grace = Duration.seconds(600)

    private let loose = Mutex<[String: (file: LocalFile, until: ContinuousClock.Instant)]>([:])

    /// - Returns: the file's path.
    func path(_ file: LocalFile) -> String {
        let now = ContinuousClock.now
        let isHeld = CallContext.holdings.map { $0.hold(file) } != nil
        // What goes is released outside of the lock: its end may remove files.
        var ended: [LocalFile] = []
        loose.withLock { loose in
            for (path, use) in loose where use.until < now {
                ended.append(use.file)
                loose[path] = nil
            }
            if !isHeld { loose[file.path] = (file, now + Self.grace) }
        }
        return file.path
    }
}
