import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// Whether artifacts can be written at this moment, where they lie in a folder: looked at again and again, so that a full or
/// read-only disk is told by the service that meets it, before a job does.
final class StoreWatch: Service {
    /// Bytes that must be left; a clip takes a few million.
    static let leastRoom = 16 << 20
    private static let pause = Duration.seconds(5)

    private let store: String
    private let logger: Logger
    private let seen = Mutex<String?>(nil)

    init(store: String, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Why nothing can be written and what to do; `nil` while all is well.
    var problem: String? { seen.withLock { $0 } }

    func run() async throws {
        while true {
            look()
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Logs what has changed since the last look.
    func look() {
        let found = Self.problem(of: store)
        let before = seen.withLock { seen in
            defer { seen = found }
            return seen
        }
        guard found != before else { return }
        if let found {
            logger.error("\(found)")
        } else if before != nil {
            logger.notice("the store can be written again", metadata: ["store": "\(store)"])
        }
    }

    /// -> what is wrong with the folder of a `file://` URI, or with the one that it will be made in.
    static func problem(of store: String) -> String? {
        guard store.hasPrefix("file:///"), var path = URL(string: store)?.path(percentEncoded: false) else {
            return nil
        }
        while path.count > 1, access(path, F_OK) != 0, errno == ENOENT { path = parent(of: path) }
        var system = statvfs()
        guard statvfs(path, &system) == 0 else { return "the store \(path): \(String(cString: strerror(errno)))" }
        if system.f_flag & UInt(ST_RDONLY) != 0 {
            return "the store \(path) is read-only: mount it so that films can be written"
        }
        guard access(path, W_OK | X_OK) == 0 else {
            return
                "the store \(path) cannot be written by user \(getuid()): give it to that user, or set UNDERSTUDY_STORE"
        }
        let room = UInt64(system.f_bavail) * UInt64(system.f_frsize)
        // A file system that counts no blocks at all, as some over a network, does not tell.
        guard system.f_blocks == 0 || room >= UInt64(leastRoom) else {
            return "the store \(path) is full: make room, or give it more than \(leastRoom >> 20) MiB"
        }
        return nil
    }

    private static func parent(of path: String) -> String {
        let parts = path.split(separator: "/")
        return "/" + parts.dropLast().joined(separator: "/")
    }
}
