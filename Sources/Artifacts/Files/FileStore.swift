// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc

/// Artifacts in local files. Writes are atomic and durable: files are written under a temporary name, flushed, and renamed.
struct FileStore: Sendable {
    /// The metadata of a regular file; `nil` if it does not exist.
    func info(_ path: String) -> ArtifactInfo? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
        let tag = [Int(status.st_mtim.tv_sec), status.st_mtim.tv_nsec, Int(status.st_ino), Int(status.st_size)]
        return ArtifactInfo(
            size: Int(status.st_size), modified: modified,
            tag: tag.map { String($0, radix: 36) }.joined(separator: "-"))
    }

    /// Reads a file into memory.
    ///
    /// - Throws: `not_found`; `too_large` if the file is larger than `maximum` bytes.
    func read(_ path: String, maximum: Int) throws(ServiceError) -> Data {
        try open(path).bytes(maximum: maximum)
    }

    /// Opens a file for reading, following symbolic links.
    ///
    /// - Throws: `not_found`; `invalid_params` if the path is not a regular file.
    func open(_ path: String) throws(ServiceError) -> RegularFile {
        guard FileType(path: path, followingLinks: true) != nil else {
            throw ServiceError(.notFound, "\(path) does not exist or is not a file")
        }
        return try RegularFile(reading: path)
    }

    /// Reads a range of a file in the state that `expected` describes.
    ///
    /// - Throws: `conflict` if the file has changed since.
    func read(_ path: String, range: Range<Int>, of expected: ArtifactInfo) throws(ServiceError) -> Data {
        guard info(path) == expected else {
            throw ServiceError(.conflict, "\(path) changed while it was being read")
        }
        return try open(path).bytes(at: range.lowerBound, count: range.count)
    }

    /// The names of the regular files in a folder, sorted, without hidden ones. A missing folder is empty.
    func list(_ path: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { !$0.hasPrefix(".") && info("\(path)/\($0)") != nil }.sorted()
    }

    /// Removes a file. Does nothing if it does not exist.
    ///
    /// - Throws: `conflict` if the path is neither a regular file nor a symbolic link.
    func remove(_ path: String) throws(ServiceError) {
        // A symbolic link is removed, its target is preserved.
        try Self.checkReplaceable(path, allowsLink: true)
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
    }

    /// Calls `body` with a temporary path, then renames the file to `path`.
    ///
    /// - Parameter replacesLink: whether to replace a symbolic link at the path.
    /// - Throws: `conflict` if the path is not a regular file; what `body` throws.
    func output<R>(
        _ path: String, replacesLink: Bool = false, _ body: (String) async throws -> R
    ) async throws -> R {
        // A folder is rejected only after `body`, so that the result of a paid request is cached before the failure.
        try Self.checkReplaceable(path, allowsLink: replacesLink, allowsFolder: true)
        try DurableFile.makeFolder(DurableFile.folder(of: path))
        let temporary = DurableFile.temporary(beside: path)
        do {
            let result = try await body(temporary)
            try Task.checkCancellation()
            try Self.checkReplaceable(path, allowsLink: replacesLink)
            try DurableFile.replace(path, with: temporary)
            return result
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func failure(_ action: String, _ path: String) -> ServiceError {
        FileFailure.error(errno, "\(action) \(path)")
    }
}
