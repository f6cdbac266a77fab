// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The folder of persistent state, accessible only to this user.
package enum StateDirectory {
    /// The names that services and commands create in the folder.
    private static let contents: Set<String> = [
        "agent5", "clipper", "dashboard", "imagegen", "last-run.log", "logger", "orchestrator", "stitcher", "store",
    ]

    /// Creates the folder with mode 0700, or removes the permissions of other users from an existing one.
    ///
    /// Earlier versions created it readable by everyone. A folder that belongs to another user, is sticky like `/tmp`, or contains other
    /// files is left unchanged. A group with write permission retains its access, which was granted deliberately. Failures are ignored:
    /// the code that needs the folder reports them.
    package static func protect(_ path: String) {
        create(path)
        restrict(path)
        // The store is not restricted, since others may read it.
        for name in contents.union(["dashboard/uploads"]) where name != "store" {
            restrict("\(path)/\(name)", isService: true)
        }
    }

    /// Creates a folder and its missing parents, and flushes each new directory entry to disk.
    private static func create(_ path: String) {
        guard path.hasPrefix("/"), access(path, F_OK) != 0 else { return }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        if parent != path { create(parent) }
        guard mkdir(path, 0o700) == 0 else { return }
        let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Removes the permissions of other users.
    ///
    /// - Parameter isService: whether this is a service's own folder, whose contents are not checked.
    private static func restrict(_ path: String, isService: Bool = false) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        var status = stat()
        guard fstat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 != 0,
            status.st_mode & S_ISVTX == 0,
            let names = try? FileManager.default.contentsOfDirectory(atPath: path),
            isService || contents.isSuperset(of: names)
        else { return }
        let isShared = status.st_mode & 0o020 != 0
        fchmod(folder, status.st_mode & (isShared ? 0o770 : 0o700))
    }
}
