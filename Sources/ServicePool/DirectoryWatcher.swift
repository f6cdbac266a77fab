// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Reports possible changes in a folder: immediately by inotify, and every second in any case, since inotify may run out of watches,
/// lose events, or not work on some file systems.
package struct DirectoryWatcher: Sendable {
    private let folder: String

    /// Creates a watcher for a folder, which need not exist.
    package init(folder: String) {
        self.folder = folder
    }

    /// Emits an element whenever the folder should be read, the first immediately. Ends when its consumer is cancelled.
    package func changes() -> AsyncStream<Void> {
        let folder = self.folder
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // Detached, since it outlives the call that happens to start it and must not retain that call's resources.
            let task = Task.detached {
                var watch: Inotify?
                while !Task.isCancelled {
                    // The folder may not exist yet, or may have been replaced.
                    if watch?.isAlive != true { watch = Inotify(folder: folder) { continuation.yield() } }
                    continuation.yield()
                    // trusted: one of two constants
                    try? await Task.sleep(for: .milliseconds(watch == nil ? 100 : 1000))
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// An inotify descriptor on one folder.
    private final class Inotify: Sendable {
        private let source: any DispatchSourceRead
        private let isValid = Atomic<Bool>(true)

        /// Whether the watched folder still has its name.
        var isAlive: Bool { isValid.load(ordering: .acquiring) }

        init?(folder: String, onChange: @escaping @Sendable () -> Void) {
            let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
            guard descriptor >= 0 else { return nil }
            let mask = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)
            guard inotify_add_watch(descriptor, folder, mask) >= 0 else {
                close(descriptor)
                return nil
            }
            source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
            source.setEventHandler { [weak self] in
                if Self.readsRemovalOfFolder(from: descriptor) { self?.isValid.store(false, ordering: .releasing) }
                onChange()
            }
            source.setCancelHandler { close(descriptor) }
            source.activate()
        }

        deinit { source.cancel() }

        /// Reads the pending events.
        ///
        /// - Returns: `true` if the folder itself was removed.
        private static func readsRemovalOfFolder(from descriptor: Int32) -> Bool {
            var isRemoved = false
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                guard count > 0 else { return isRemoved }
                buffer.withUnsafeBytes { bytes in
                    // struct inotify_event: wd, mask, cookie, len, name[len].
                    var offset = 0
                    while offset + 16 <= count {
                        let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                        let length = bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)
                        if mask & UInt32(IN_IGNORED | IN_DELETE_SELF) != 0 { isRemoved = true }
                        offset += 16 + Int(length)
                    }
                }
            }
        }
    }
}
