// SPDX-License-Identifier: Apache-2.0

package import Faults
package import FoundationEssentials
import Glibc

/// Replaces local files atomically and durably: a reader never sees a partial file, and the change survives a power loss.
///
/// A rename is durable only after an `fsync` of the folder, and a new folder only after an `fsync` of its parent. All services replace files
/// through this type.
///
///     try DurableFile.write(Data("{}".utf8), to: "/var/lib/understudy/state.json")
package enum DurableFile {
    /// Writes bytes to the file at a path, replacing an existing file.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist.
    ///   - mode: the permissions of the new file; 0600 by default.
    /// - Throws: why the bytes could not be written, for example `unavailable` on a full disk. The old file is preserved then.
    package static func write(_ bytes: Data, to path: String, mode: UInt32 = 0o600) throws(ServiceError) {
        let temporary = temporary(beside: path)
        do {
            try create(temporary, bytes, mode)
            try replace(path, with: temporary)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Replaces the file at a path with another file in the same folder.
    ///
    /// - Parameter temporary: the path of a complete file, which is renamed to `path`.
    /// - Throws: why the file could not be replaced. The caller removes `temporary` then.
    package static func replace(_ path: String, with temporary: String) throws(ServiceError) {
        let file = open(temporary, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileFailure.error(errno, "cannot write \(path): cannot open its temporary file") }
        let code = fsync(file) == 0 ? 0 : errno
        close(file)
        guard code == 0 else { throw FileFailure.error(code, "cannot flush \(path)") }
        guard rename(temporary, path) == 0 else { throw FileFailure.error(errno, "cannot rename to \(path)") }
        try syncFolder(folder(of: path))
    }

    /// A unique path for a temporary file in the same folder. The name is hidden and ends in `.tmp`, see `sweep`.
    package static func temporary(beside path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        // File names have at most 255 bytes. Long names are truncated; the random part makes them unique.
        return "\(folder(of: path))/.\(name.utf8.count > 200 ? name.prefix(48) : name).\(random).tmp"
    }

    /// Creates a folder and its missing parents durably. Does nothing if it exists.
    ///
    /// - Parameter mode: the permissions of new folders, before the process's umask is applied.
    /// - Throws: why the folder could not be created.
    package static func makeFolder(_ path: String, mode: UInt32 = 0o777) throws(ServiceError) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        let parent = folder(of: path)
        if parent != path { try makeFolder(parent, mode: mode) }
        // If another process creates the folder concurrently, both flush it to the disk.
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw FileFailure.error(errno, "cannot create the folder \(path)")
        }
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw FileFailure.error(ENOTDIR, "cannot create the folder \(path)")
        }
        try syncFolder(parent)
    }

    /// Flushes the directory entries of a folder to the disk.
    ///
    /// Does nothing if the folder is not readable, or its file system does not support `fsync` for folders.
    ///
    /// - Throws: why the folder could not be flushed.
    package static func syncFolder(_ path: String) throws(ServiceError) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            if errno == EACCES { return }
            throw FileFailure.error(errno, "cannot open the folder \(path)")
        }
        defer { close(folder) }
        guard fsync(folder) == 0 || [EINVAL, ENOTSUP, EROFS].contains(errno) else {
            throw FileFailure.error(errno, "cannot flush the folder \(path)")
        }
    }

    /// Removes temporary files that terminated writers left in a folder.
    ///
    /// - Parameter seconds: minimum time since the last modification in seconds.
    package static func sweep(_ folder: String, olderThan seconds: Int) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(".tmp") {
            var status = stat()
            // `time` lags behind the clock of file systems by some milliseconds, so a new file may appear to be from the next second.
            guard lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                max(time(nil) - status.st_mtim.tv_sec, 0) >= seconds
            else { continue }
            unlink("\(folder)/\(name)")
        }
    }

    /// The parent folder of a path; `.` for a name without a slash.
    package static func folder(of path: String) -> String {
        var end = path.endIndex
        while end > path.startIndex, path[path.index(before: end)] == "/" { end = path.index(before: end) }
        guard let slash = path[..<end].lastIndex(of: "/") else { return end == path.startIndex ? path : "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func create(_ path: String, _ bytes: Data, _ mode: UInt32) throws(ServiceError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else { throw FileFailure.error(errno, "cannot create \(path)") }
        var code: Int32 = 0
        bytes.withUnsafeBytes { buffer in
            var remaining = buffer[...]
            while !remaining.isEmpty, code == 0 {
                let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: remaining).baseAddress, remaining.count)
                if count > 0 {
                    remaining = remaining.dropFirst(count)
                } else if count == 0 || errno != EINTR {
                    code = errno
                }
            }
        }
        // Some file systems report a full disk only on `close`.
        if close(file) != 0, code == 0 { code = errno }
        guard code == 0 else { throw FileFailure.error(code, "cannot write \(path)") }
    }
}
