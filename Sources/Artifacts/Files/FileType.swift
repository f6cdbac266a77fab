// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc

/// The type of a file.
enum FileType: Sendable, CustomStringConvertible {
    case regular, folder, link, pipe, socket, characterDevice, blockDevice, unknown

    init(_ status: stat) {
        self =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            default: .unknown
            }
    }

    /// - Returns: `nil` if the path does not exist.
    init?(path: String, followingLinks: Bool) {
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.init(status)
    }

    /// The type with its article, for messages.
    var description: String {
        switch self {
        case .regular: "a regular file"
        case .folder: "a directory"
        case .link: "a symbolic link"
        case .pipe: "a named pipe"
        case .socket: "a socket"
        case .characterDevice: "a character device"
        case .blockDevice: "a block device"
        case .unknown: "of an unknown type"
        }
    }

    /// Checks that this is the type of a regular file.
    ///
    /// - Throws: `invalid_params` that names the path.
    func checkRegular(_ path: String) throws(ServiceError) {
        guard self != .regular else { return }
        throw ServiceError(.invalidParams, "\(path) is \(self), expected a regular file")
    }
}
