package import Faults
import FoundationEssentials
import Glibc

/// Folders for a service's own data, which no other user may read: folders have mode 0700, files 0600.
///
/// Earlier versions created folders and files that everyone could read. What belongs to this user is corrected; what belongs to
/// another user is left alone.
package enum PrivateFolder {
    /// Creates a folder, with missing parents, for this user alone; an existing one is made private.
    package static func make(_ path: String) throws(ServiceError) {
        try DurableFile.makeFolder(path, mode: 0o700)
        restrict(path, S_IFDIR, to: 0o700)
    }

    /// Makes a folder and the files in it private, where they exist. Folders in it are not looked at.
    package static func tighten(_ path: String) {
        restrict(path, S_IFDIR, to: 0o700)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            restrict("\(path)/\(name)", S_IFREG, to: 0o600)
        }
    }

    /// Links are not followed.
    private static func restrict(_ path: String, _ kind: mode_t, to mode: mode_t) {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == kind, status.st_uid == geteuid(),
            status.st_mode & 0o077 != 0
        else { return }
        fchmod(file, status.st_mode & mode)
    }
}
