// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
import Glibc

/// Folders for a service's private data: folders have the mode 0700, files 0600.
///
/// Earlier versions created world-readable folders and files. Those of this user are corrected; those of other users are not changed.
package enum PrivateFolder {
    /// Creates a private folder and its missing parents, or restricts the permissions of an existing one.
    ///
    /// - Throws: why the folder could not be created.
    package static func make(_ path: String) throws(ServiceError) {
        try DurableFile.makeFolder(path, mode: 0o700)
        restrict(path, S_IFDIR, to: 0o700)
    }

    /// Restricts the permissions of a folder and the files directly in it, if they exist. Subfolders are not changed.
    package static func restrictPermissions(_ path: String) {
        restrict(path, S_IFDIR, to: 0o700)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            restrict("\(path)/\(name)", S_IFREG, to: 0o600)
        }
    }

    /// Removes permissions of other users. Symbolic links are not followed.
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
