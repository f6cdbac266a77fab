// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc

/// Resolution of paths and symbolic links.
extension FileStore {
    /// The path with all symbolic links resolved; `nil` if it does not exist.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The path with all symbolic links resolved, even if its last components do not exist yet.
    ///
    /// - Returns: `nil` for a dangling link, whose target cannot be checked.
    static func resolved(_ path: String) -> String? {
        var parts = path.split(separator: "/")
        var missing: [Substring] = []
        while true {
            let existing = "/" + parts.joined(separator: "/")
            if let real = realPath(existing) {
                return missing.isEmpty ? real : (real == "/" ? "" : real) + "/" + missing.joined(separator: "/")
            }
            var status = stat()
            if lstat(existing, &status) == 0, FileType(status) == .link { return nil }
            guard let last = parts.popLast() else { return nil }
            missing.insert(last, at: 0)
        }
    }

    /// The path that a write replaces: the path itself, or the target of a symbolic link.
    ///
    /// - Parameter allowsFolder: whether to accept a folder for now. It cannot be replaced, which a later check reports.
    /// - Throws: `conflict` if the path is not a regular file, or a dangling link.
    static func target(_ path: String, allowsFolder: Bool = false) throws(ServiceError) -> String {
        guard let type = FileType(path: path, followingLinks: false), type != .regular else { return path }
        if type == .folder, allowsFolder { return path }
        guard type == .link else { throw conflict(path, "is \(type.description)") }
        guard let real = realPath(path) else { throw conflict(path, "is a dangling symbolic link") }
        let targetType = FileType(path: real, followingLinks: false) ?? .regular
        guard targetType == .regular else {
            throw conflict(path, "is a symbolic link to \(real), which is \(targetType.description)")
        }
        return real
    }

    /// Checks that the path does not exist or is a regular file.
    ///
    /// - Parameters:
    ///   - allowsLink: whether to accept a symbolic link as well.
    ///   - allowsFolder: whether to accept a folder as well.
    /// - Throws: `conflict` for other file types.
    static func checkReplaceable(_ path: String, allowsLink: Bool, allowsFolder: Bool = false) throws(ServiceError) {
        guard let type = FileType(path: path, followingLinks: false), type != .regular else { return }
        if type == .link && allowsLink || type == .folder && allowsFolder { return }
        throw conflict(path, "is \(type.description)")
    }

    private static func conflict(_ path: String, _ reason: String) -> ServiceError {
        ServiceError(
            .conflict, "\(path) \(reason): only regular files can be replaced; remove it or choose another output")
    }
}
