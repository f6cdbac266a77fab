// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// A folder of files with a size limit and least-recently-used eviction. Hidden files are ignored.
package struct FileCache: Sendable {
    private let folder: String
    private let maximumBytes: Int
    private let maximumIdleSeconds: Int
    private let companionSuffix: String?
    private let remove: @Sendable (String) -> Bool

    /// Creates a cache for the files in a folder.
    ///
    /// - Parameters:
    ///   - maximumBytes: maximum total size in bytes; unlimited by default.
    ///   - maximumIdleSeconds: files that were not used for longer are removed regardless of the size; unlimited by default.
    ///   - companionSuffix: suffix of a small file next to each file, which is removed with it.
    ///   - remove: removes the file at a path if possible, and returns whether it no longer exists.
    package init(
        folder: String, maximumBytes: Int = .max, maximumIdleSeconds: Int = .max, companionSuffix: String? = nil,
        remove: @escaping @Sendable (String) -> Bool = { unlink($0) == 0 || errno == ENOENT }
    ) {
        self.folder = folder
        self.maximumBytes = maximumBytes
        self.maximumIdleSeconds = maximumIdleSeconds
        self.companionSuffix = companionSuffix
        self.remove = remove
    }

    /// Removes the least recently used files until the limits are met.
    ///
    /// - Parameters:
    ///   - excluded: the path of a file to preserve.
    ///   - free: the required free space on the disk in bytes.
    /// - Returns: whether the remaining files are within the size limit.
    @discardableResult
    package func trim(excluding excluded: String? = nil, free: Int = 0) -> Bool {
        let now = time(nil)
        var files: [(path: String, size: Int, idle: Int)] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !name.hasPrefix(".") {
            var status = stat()
            if let companionSuffix, name.hasSuffix(companionSuffix) { continue }
            guard stat("\(folder)/\(name)", &status) == 0 else { continue }
            files.append(("\(folder)/\(name)", Int(status.st_size), now - status.st_mtim.tv_sec))
        }
        var total = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { $0.idle > $1.idle }) where file.path != excluded {
            guard total > maximumBytes || file.idle > maximumIdleSeconds || !FreeSpace.has(free, in: folder) else {
                continue
            }
            guard remove(file.path) else { continue }
            if let companionSuffix { unlink(file.path + companionSuffix) }
            total -= file.size
        }
        return total <= maximumBytes
    }
}
