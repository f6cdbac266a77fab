import FoundationEssentials
import Glibc

/// Files that a folder keeps while there is room for them: the least recently used go first. Hidden ones are not looked at.
package struct KeptFiles: Sendable {
    private let folder: String
    private let maximumBytes: Int
    private let longestIdle: Int
    private let companion: String?
    private let remove: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - maximumBytes: of all files; without a bound if absent.
    ///   - longestIdle: seconds after its last use when a file goes in any case.
    ///   - companion: the ending of a small file beside each, which goes with it.
    ///   - remove: removes the file at a path, unless it may not go now. -> whether it is gone.
    package init(
        folder: String, maximumBytes: Int = .max, longestIdle: Int = .max, companion: String? = nil,
        remove: @escaping @Sendable (String) -> Bool = { unlink($0) == 0 || errno == ENOENT }
    ) {
        self.folder = folder
        self.maximumBytes = maximumBytes
        self.longestIdle = longestIdle
        self.companion = companion
        self.remove = remove
    }

    /// Makes room.
    ///
    /// - Parameters:
    ///   - kept: the path of a file that stays.
    ///   - free: bytes that the disk should have left.
    /// - Returns: whether the files that are left fit.
    @discardableResult
    package func trim(but kept: String? = nil, free: Int = 0) -> Bool {
        let now = time(nil)
        var files: [(path: String, size: Int, idle: Int)] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !name.hasPrefix(".") {
            var status = stat()
            if let companion, name.hasSuffix(companion) { continue }
            guard stat("\(folder)/\(name)", &status) == 0 else { continue }
            files.append(("\(folder)/\(name)", Int(status.st_size), now - status.st_mtim.tv_sec))
        }
        var total = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { $0.idle > $1.idle }) where file.path != kept {
            guard total > maximumBytes || file.idle > longestIdle || !DiskRoom.has(free, in: folder) else { continue }
            guard remove(file.path) else { continue }
            if let companion { unlink(file.path + companion) }
            total -= file.size
        }
        return total <= maximumBytes
    }
}
