import FoundationEssentials
import Glibc
package import JSONRPC

/// Artifacts as files of this machine. A reader never sees half a file: everything is written under a temporary name beside
/// its place, brought to the disk, and renamed.
struct FileStore: Sendable {
    func info(_ path: String) -> ArtifactInfo? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
        let tag = [Int(status.st_mtim.tv_sec), status.st_mtim.tv_nsec, Int(status.st_ino), Int(status.st_size)]
        return ArtifactInfo(
            size: Int(status.st_size), modified: modified,
            tag: tag.map { String($0, radix: 36) }.joined(separator: "-"))
    }

    /// The path with all links followed; `nil` where nothing is.
    func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    func read(_ path: String, maximum: Int) throws(ServiceError) -> Data {
        guard let info = info(path) else {
            throw ServiceError(.notFound, "\(path) does not exist or is no file")
        }
        guard info.size <= maximum else {
            throw ServiceError(.tooLarge, "\(path) has \(info.size) bytes, at most \(maximum) are read")
        }
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ServiceError(.unavailable, "\(path) cannot be read: \(error)")
        }
    }

    func read(_ path: String, range: Range<Int>, of known: ArtifactInfo) throws(ServiceError) -> Data {
        guard info(path) == known else { throw ServiceError(.conflict, "\(path) has changed while it was read") }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot open", path) }
        defer { close(file) }
        var bytes = Data(count: range.count)
        var count = 0
        while count < range.count {
            let more = bytes.withUnsafeMutableBytes { buffer in
                pread(file, buffer.baseAddress! + count, range.count - count, off_t(range.lowerBound + count))
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw failure("cannot read", path) }
            guard more > 0 else { break }
            count += more
        }
        return bytes.prefix(count)
    }

    /// Names of the files in a folder, sorted; none where there is no such folder.
    func list(_ path: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { !$0.hasPrefix(".") && info("\(path)/\($0)") != nil }.sorted()
    }

    func remove(_ path: String) throws(ServiceError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
    }

    /// Calls `body` with a temporary name beside the target, then renames.
    func output<R>(_ path: String, _ body: (String) async throws -> R) async throws -> R {
        try DurableFile.makeFolder(DurableFile.folder(of: path))
        let temporary = DurableFile.temporary(beside: path)
        do {
            let result = try await body(temporary)
            try Task.checkCancellation()
            try DurableFile.replace(path, with: temporary)
            return result
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func failure(_ doing: String, _ path: String) -> ServiceError {
        FileFailure.error(errno, "\(doing) \(path)")
    }
}

/// What an `errno` means to a caller.
package enum FileFailure {
    /// - Parameter doing: what was tried, with the path.
    package static func error(_ code: Int32, _ doing: String) -> ServiceError {
        switch code {
        case ENOENT: ServiceError(.notFound, "\(doing): no such file")
        case ENOSPC, EDQUOT:
            ServiceError(.unavailable, "\(doing): the disk is full; make room and try again", providerCode: "ENOSPC")
        case EROFS:
            ServiceError(.unavailable, "\(doing): the store is read-only", retryable: false, providerCode: "EROFS")
        case EACCES, EPERM: ServiceError(.unauthorized, "\(doing): permission denied")
        default:
            ServiceError(.unavailable, "\(doing): \(String(cString: strerror(code)))", providerCode: names[code])
        }
    }

    /// What a store says that is away, and may come back.
    private static let names: [Int32: String] = [
        EIO: "EIO", ESTALE: "ESTALE", ENODEV: "ENODEV", ENXIO: "ENXIO", ENOTCONN: "ENOTCONN", ETIMEDOUT: "ETIMEDOUT",
        EHOSTDOWN: "EHOSTDOWN",
    ]
}
