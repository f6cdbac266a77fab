import FoundationEssentials
import Glibc

/// The folder of everything that outlives a restart: for this user alone.
package enum StateDirectory {
    /// What services and commands create in it.
    private static let contents: Set<String> = [
        "agent5", "clipper", "dashboard", "imagegen", "last-run.log", "logger", "orchestrator", "stitcher", "store",
    ]

    /// Creates the folder with mode 0700, or takes the permissions of an existing one away from other users.
    ///
    /// Earlier versions created it readable by everyone. A folder that belongs to another user, that is sticky like `/tmp`, or that
    /// has anything else in it is left alone, and a group that may write keeps its access: somebody gave it deliberately. A folder
    /// that cannot be created is reported by what needs it.
    package static func protect(_ path: String) {
        create(path)
        restrict(path)
        // Folders of services: the store is meant for others, too.
        for name in contents.union(["dashboard/uploads"]) where name != "store" {
            restrict("\(path)/\(name)", isService: true)
        }
    }

    /// Creates a folder with its missing parents, each flushed into the folder that it is in.
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
