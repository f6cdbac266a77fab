import FoundationEssentials
import Glibc

/// Files that a folder keeps while there is room for them: the least recently used go first. Hidden ones are not looked at.
package struct KeptFiles: Sendable {
    private let folder: String
    private let maximumBytes: Int
    private let grace: Int
    private let longestIdle: Int
    private let companion: String?

    /// - Parameters:
    ///   - maximumBytes: of all files; without a bound if absent.
    ///   - grace: seconds after its last use in which a file stays, whatever the room.
    ///   - longestIdle: seconds after its last use when a file goes in any case.
    ///   - companion: the ending of a small file beside each, which goes with it.
    package init(
        folder: String, maximumBytes: Int = .max, grace: Int = 0, longestIdle: Int = .max, companion: String? = nil
    ) {
        self.folder = folder
        self.maximumBytes = maximumBytes
        self.grace = grace
        self.longestIdle = longestIdle
        self.companion = companion
    }

    /// Makes room.
    ///
    /// - Parameter kept: the path of a file that stays.
    package func trim(but kept: String = "") {
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
            guard file.idle > longestIdle || (total > maximumBytes && file.idle >= grace) else { continue }
            unlink(file.path)
            if let companion { unlink(file.path + companion) }
            total -= file.size
        }
    }
}
