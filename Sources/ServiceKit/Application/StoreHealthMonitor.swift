// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// Checks periodically whether a `file://` artifact store can be written, so that `rpc.health` reports a full or read-only disk before a
/// job fails.
final class StoreHealthMonitor: Service {
    /// The minimum free space in bytes; a clip takes a few million.
    static let minimumFreeSpace = 16 << 20
    private static let pause = Duration.seconds(5)

    private let store: String
    private let logger: Logger
    private let lastProblem = Mutex<String?>(nil)

    init(store: String, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Why the store cannot be written and what to do; `nil` if it can.
    var problem: String? { lastProblem.withLock { $0 } }

    func run() async throws {
        while true {
            check()
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Checks the store and logs changes since the last check.
    func check() {
        let problem = Self.problem(of: store)
        let previous = lastProblem.withLock { last in
            defer { last = problem }
            return last
        }
        guard problem != previous else { return }
        if let problem {
            logger.error("\(problem)")
        } else if previous != nil {
            logger.notice("the store can be written again", metadata: ["store": "\(store)"])
        }
    }

    /// Checks the folder of a `file://` URI, or its nearest existing parent.
    ///
    /// - Returns: the problem and what to do; `nil` if the folder can be written, or for other URIs.
    static func problem(of store: String) -> String? {
        guard store.hasPrefix("file:///"), var path = URL(string: store)?.path(percentEncoded: false) else {
            return nil
        }
        while path.count > 1, access(path, F_OK) != 0, errno == ENOENT { path = parent(of: path) }
        var system = statvfs()
        guard statvfs(path, &system) == 0 else { return "the store \(path): \(String(cString: strerror(errno)))" }
        if system.f_flag & UInt(ST_RDONLY) != 0 {
            return "the store \(path) is read-only: mount it read-write"
        }
        guard access(path, W_OK | X_OK) == 0 else {
            return
                "the store \(path) cannot be written by user \(getuid()): change its owner, or set UNDERSTUDY_STORE"
        }
        let freeSpace = UInt64(system.f_bavail) * UInt64(system.f_frsize)
        // Some network file systems report zero blocks: their free space is unknown.
        guard system.f_blocks == 0 || freeSpace >= UInt64(minimumFreeSpace) else {
            return "the store \(path) is full: free at least \(minimumFreeSpace >> 20) MiB"
        }
        return nil
    }

    private static func parent(of path: String) -> String {
        let parts = path.split(separator: "/")
        return "/" + parts.dropLast().joined(separator: "/")
    }
}
