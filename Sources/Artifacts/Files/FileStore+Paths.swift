import Faults
import Glibc

/// What names of this machine's files stand for.
extension FileStore {
    /// The path with all links followed; `nil` if nothing is there.
    static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The path with all links followed, also if its last parts do not exist yet.
    ///
    /// - Returns: `nil` for a link that leads nowhere: what it would lead to cannot be checked.
    static func resolved(_ path: String) -> String? {
        var parts = path.split(separator: "/")
        var missing: [Substring] = []
        while true {
            let known = "/" + parts.joined(separator: "/")
            if let real = real(known) {
                return missing.isEmpty ? real : (real == "/" ? "" : real) + "/" + missing.joined(separator: "/")
            }
            var status = stat()
            if lstat(known, &status) == 0, FileType(status) == .link { return nil }
            guard let last = parts.popLast() else { return nil }
            missing.insert(last, at: 0)
        }
    }

    /// The path that a write to a path replaces: the path itself, or the file behind a link.
    ///
    /// - Parameter folderToo: whether a folder is passed over; it cannot be replaced, which is found when a file is to take its
    ///   name.
    /// - Throws: `conflict` if something is there that is not a regular file, or a link leads to nothing.
    static func target(_ path: String, folderToo: Bool = false) throws(ServiceError) -> String {
        guard let type = FileType(path: path, followingLinks: false), type != .regular else { return path }
        if type == .folder, folderToo { return path }
        guard type == .link else { throw conflict(path, "is \(type.words)") }
        guard let real = real(path) else { throw conflict(path, "is a symbolic link that leads to nothing") }
        let behind = FileType(path: real, followingLinks: false) ?? .regular
        guard behind == .regular else {
            throw conflict(path, "is a symbolic link to \(real), which is \(behind.words)")
        }
        return real
    }

    /// - Parameters:
    ///   - linkToo: whether a link may be replaced as well.
    ///   - folderToo: whether a folder is passed over, as above.
    /// - Throws: `conflict` if something other than a regular file is at the path.
    static func checkReplaceable(_ path: String, linkToo: Bool, folderToo: Bool = false) throws(ServiceError) {
        guard let type = FileType(path: path, followingLinks: false), type != .regular else { return }
        if type == .link && linkToo || type == .folder && folderToo { return }
        throw conflict(path, "is \(type.words)")
    }

    private static func conflict(_ path: String, _ reason: String) -> ServiceError {
        ServiceError(
            .conflict, "\(path) \(reason): only regular files are replaced; remove it or choose another output")
    }
}
