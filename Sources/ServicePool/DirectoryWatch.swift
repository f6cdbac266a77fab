@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Says when something in a folder may have changed: at once by inotify, and every second in any case, since inotify can be
/// out of watches, lose events, or be blind on some file systems.
package struct DirectoryWatch: Sendable {
    private let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    /// One element for each moment to look again, the first at once. Ends when its reader is cancelled.
    package func changes() -> AsyncStream<Void> {
        let folder = self.folder
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // Detached: it outlives the call that happens to begin it, and must not keep what that call holds.
            let task = Task.detached {
                var watch: Inotify?
                while !Task.isCancelled {
                    // The folder may not be there yet, or have been replaced.
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
        private let alive = Atomic<Bool>(true)

        /// Whether the folder that is watched is still the one of that name.
        var isAlive: Bool { alive.load(ordering: .acquiring) }

        init?(folder: String, changed: @escaping @Sendable () -> Void) {
            let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
            guard descriptor >= 0 else { return nil }
            let mask = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)
            guard inotify_add_watch(descriptor, folder, mask) >= 0 else {
                close(descriptor)
                return nil
            }
            source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
            source.setEventHandler { [weak self] in
                if Self.folderIsGone(readingFrom: descriptor) { self?.alive.store(false, ordering: .releasing) }
                changed()
            }
            source.setCancelHandler { close(descriptor) }
            source.activate()
        }

        deinit { source.cancel() }

        /// Reads the events that wait. -> whether one says that the folder itself is gone.
        private static func folderIsGone(readingFrom descriptor: Int32) -> Bool {
            var isGone = false
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                guard count > 0 else { return isGone }
                buffer.withUnsafeBytes { bytes in
                    // struct inotify_event: wd, mask, cookie, len, name[len].
                    var offset = 0
                    while offset + 16 <= count {
                        let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                        let length = bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)
                        if mask & UInt32(IN_IGNORED | IN_DELETE_SELF) != 0 { isGone = true }
                        offset += 16 + Int(length)
                    }
                }
            }
        }
    }
}
