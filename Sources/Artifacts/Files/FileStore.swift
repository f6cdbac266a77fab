import Faults
import FoundationEssentials
import Glibc

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

    func read(_ path: String, maximum: Int) throws(ServiceError) -> Data {
        try open(path).bytes(maximum: maximum)
    }

    /// Opens a file for reading, links followed.
    ///
    /// - Throws: `not_found`; `invalid_params` for what is not a regular file.
    func open(_ path: String) throws(ServiceError) -> RegularFile {
        guard FileType(path: path, followingLinks: true) != nil else {
            throw ServiceError(.notFound, "\(path) does not exist or is no file")
        }
        return try RegularFile(reading: path)
    }

    func read(_ path: String, range: Range<Int>, of known: ArtifactInfo) throws(ServiceError) -> Data {
        guard info(path) == known else { throw ServiceError(.conflict, "\(path) has changed while it was read") }
        return try open(path).bytes(at: range.lowerBound, count: range.count)
    }

    /// Names of the files in a folder, sorted; none where there is no such folder.
    func list(_ path: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { !$0.hasPrefix(".") && info("\(path)/\($0)") != nil }.sorted()
    }

    func remove(_ path: String) throws(ServiceError) {
        // A link goes, what it leads to stays.
        try Self.checkReplaceable(path, linkToo: true)
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
    }

    /// Calls `body` with a temporary name beside the target, then renames.
    ///
    /// - Parameter replacesLink: whether a link at the path gives way to the file.
    /// - Throws: `conflict` if something else that is not a regular file is at the path; what `body` throws.
    func output<R>(
        _ path: String, replacesLink: Bool = false, _ body: (String) async throws -> R
    ) async throws -> R {
        // What an image provider is paid for is drawn, and kept, although a folder has its name.
        try Self.checkReplaceable(path, linkToo: replacesLink, folderToo: true)
        try DurableFile.makeFolder(DurableFile.folder(of: path))
        let temporary = DurableFile.temporary(beside: path)
        do {
            let result = try await body(temporary)
            try Task.checkCancellation()
            try Self.checkReplaceable(path, linkToo: replacesLink)
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
