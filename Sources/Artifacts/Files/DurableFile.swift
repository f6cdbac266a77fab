package import Faults
package import FoundationEssentials
import Glibc

/// Replaces files of this machine so that a reader never sees a partial file and the change survives a power loss.
///
/// A rename is durable only after an `fsync` of the folder, and a new folder only after an `fsync` of its parent. Every service
/// that replaces a file does it through this type.
package enum DurableFile {
    /// Replaces the file at a path with some bytes.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist.
    ///   - mode: the permissions of the new file.
    /// - Throws: why the bytes could not be written, e.g. `unavailable` on a full disk; the old file is still there then.
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

    /// Replaces the file at a path with another file of the same folder.
    ///
    /// - Parameter temporary: a complete file; it has the name `path` afterwards.
    /// - Throws: why the file could not be replaced; `temporary` is then left for the caller to remove.
    package static func replace(_ path: String, with temporary: String) throws(ServiceError) {
        let file = open(temporary, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileFailure.error(errno, "nothing was written for \(path)") }
        let code = fsync(file) == 0 ? 0 : errno
        close(file)
        guard code == 0 else { throw FileFailure.error(code, "cannot flush \(path)") }
        guard rename(temporary, path) == 0 else { throw FileFailure.error(errno, "cannot rename to \(path)") }
        try syncFolder(folder(of: path))
    }

    /// A name for a file beside `path` that no other writer uses. It is hidden and ends in `.tmp`, see `sweep`.
    package static func temporary(beside path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        // A file name has at most 255 bytes: a long one is shortened, the random part keeps it unique.
        return "\(folder(of: path))/.\(name.utf8.count > 200 ? name.prefix(48) : name).\(random).tmp"
    }

    /// Creates a folder with its missing parents, each of them durable.
    ///
    /// - Parameter mode: the permissions of folders that are created, before the process's umask.
    package static func makeFolder(_ path: String, mode: UInt32 = 0o777) throws(ServiceError) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        let parent = folder(of: path)
        if parent != path { try makeFolder(parent, mode: mode) }
        // Another process may create it at the same time; both bring it to the disk then.
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw FileFailure.error(errno, "cannot make the folder \(path)")
        }
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw FileFailure.error(ENOTDIR, "cannot make the folder \(path)")
        }
        try syncFolder(parent)
    }

    /// Brings the names in a folder to the disk.
    ///
    /// A folder that may not be opened for reading, or that is on a file system without `fsync` for folders, is passed over.
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

    /// Removes temporary files in a folder that writers which no longer run left behind.
    ///
    /// - Parameter seconds: only files that were not written to for as long.
    package static func sweep(_ folder: String, olderThan seconds: Int) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(".tmp") {
            var status = stat()
            // `time` lags behind the clock of file systems by some milliseconds: a file that was just written may come from a second ahead.
            guard lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                max(time(nil) - status.st_mtim.tv_sec, 0) >= seconds
            else { continue }
            unlink("\(folder)/\(name)")
        }
    }

    /// The folder that a path is in.
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
            var rest = buffer[...]
            while !rest.isEmpty, code == 0 {
                let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 { rest = rest.dropFirst(count) } else if count == 0 || errno != EINTR { code = errno }
            }
        }
        // Some file systems report a full disk only here.
        if close(file) != 0, code == 0 { code = errno }
        guard code == 0 else { throw FileFailure.error(code, "cannot write \(path)") }
    }
}
