package import Faults
package import FoundationEssentials
import Glibc

/// An open regular file of this machine.
///
/// Devices, named pipes, sockets, directories and the kernel's own files are never opened: their type is checked first, and again on
/// the open descriptor, since the name may have changed in between. Links are followed once, when the file is opened; everything after that
/// works on the descriptor.
package final class RegularFile: Sendable {
    package let descriptor: Int32
    /// Bytes when the file was opened.
    package let size: Int
    /// As the caller named it, for messages.
    private let path: String

    /// Opens a file for reading.
    ///
    /// - Throws: `not_found`; `invalid_params` for what is not a regular file; what the system reports.
    package init(reading path: String) throws(ServiceError) {
        self.path = path
        (descriptor, size) = try Self.open(path)
    }

    /// Opens a file for reading.
    ///
    /// - Returns: a descriptor that the caller closes.
    /// - Throws: as above.
    package static func descriptor(reading path: String) throws(ServiceError) -> Int32 { try open(path).descriptor }

    private static func open(_ path: String) throws(ServiceError) -> (descriptor: Int32, size: Int) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
        try FileType(status).checkRegular(path)
        guard let real = FileStore.real(path) else { throw FileFailure.error(errno, "cannot open \(path)") }
        try KernelFiles.refuse(real, as: path)
        let descriptor = Glibc.open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
        do throws(ServiceError) {
            guard fstat(descriptor, &status) == 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
            try FileType(status).checkRegular(path)
            try KernelFiles.refuse(descriptor, as: path)
        } catch {
            close(descriptor)
            throw error
        }
        return (descriptor, Int(status.st_size))
    }

    deinit { close(descriptor) }

    /// The whole file.
    ///
    /// - Parameter maximum: bytes; a file that is longer, or grows beyond it meanwhile, is `too_large`.
    package func bytes(maximum: Int) throws(ServiceError) -> Data {
        guard size <= maximum else {
            throw ServiceError(.tooLarge, "\(path) has \(size) bytes, at most \(maximum) are read")
        }
        var all = Data()
        all.reserveCapacity(size)
        while true {
            let part = try bytes(at: all.count, count: 1 << 20)
            if part.isEmpty { return all }
            all.append(part)
            guard all.count <= maximum else {
                throw ServiceError(.tooLarge, "\(path) has more than the \(maximum) bytes that are read")
            }
        }
    }

    /// Bytes from an offset; fewer only at the end of the file.
    package func bytes(at offset: Int, count: Int) throws(ServiceError) -> Data {
        var bytes = Data(count: count)
        var filled = 0
        while filled < count {
            let more = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw FileFailure.error(errno, "cannot read \(path)") }
            guard more > 0 else { break }
            filled += more
        }
        return bytes.prefix(filled)
    }

    /// Copies the bytes to a new file, within the kernel where it can.
    ///
    /// - Parameter target: a path where nothing is yet.
    package func copy(to target: String) throws(ServiceError) {
        let output = Glibc.open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard output >= 0 else { throw FileFailure.error(errno, "cannot write \(target)") }
        defer { close(output) }
        var offset = off_t(0)
        while true {
            let count = sendfile(output, descriptor, &offset, 1 << 30)
            if count > 0 { continue }
            if count == 0 { return }
            switch errno {
            case EINTR, EAGAIN: continue
            case EINVAL, ENOSYS: return try copyBytes(to: output, from: Int(offset), target)
            default: throw FileFailure.error(errno, "cannot copy \(path) to \(target)")
            }
        }
    }

    /// The same by hand, for file systems that do not support it.
    private func copyBytes(to output: Int32, from start: Int, _ target: String) throws(ServiceError) {
        var offset = start
        guard lseek(output, off_t(offset), SEEK_SET) >= 0 else {
            throw FileFailure.error(errno, "cannot write \(target)")
        }
        while true {
            let part = try bytes(at: offset, count: 1 << 20)
            if part.isEmpty { return }
            offset += part.count
            var rest = part[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw FileFailure.error(errno, "cannot write \(target)") }
                rest = rest.dropFirst(count)
            }
        }
    }
}

/// What a name in a file system stands for.
enum FileType: Sendable {
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

    /// - Returns: `nil` where nothing has this name.
    init?(path: String, followingLinks: Bool) {
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.init(status)
    }

    /// For messages.
    var words: String {
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

    /// - Throws: `invalid_params` that names the path.
    func checkRegular(_ path: String) throws(ServiceError) {
        guard self != .regular else { return }
        throw ServiceError(.invalidParams, "\(path) is \(words), expected a regular file")
    }
}
