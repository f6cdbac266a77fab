// SPDX-License-Identifier: Apache-2.0

import AWS
import Faults
import FoundationEssentials
import Glibc
import Retry
import Synchronization

/// Local copies of S3 objects, and temporary files for uploads.
///
/// Copies are stored in `UNDERSTUDY_CACHE_DIR`, otherwise `$XDG_CACHE_HOME/understudy` or `~/.cache/understudy`. All services of a user share
/// them, so each object is downloaded once. The least recently used copies are removed when their total size exceeds
/// `UNDERSTUDY_CACHE_BYTES` or the disk is full; copies in use are preserved. An object that does not fit is downloaded to a fallback folder
/// and removed after its use.
final class LocalCopies: Sendable {
    static let variable = "UNDERSTUDY_CACHE_BYTES"
    static let defaultBytes = 8 * 1024 * 1024 * 1024
    /// Free space in bytes that is required before a file of unknown size is written.
    private static let reserve = 256 * 1024 * 1024
    /// Age in seconds at which a temporary file is considered abandoned by a terminated process.
    private static let abandonedAge = 86_400

    let folder: String
    /// Maximum total size of the copies in bytes.
    let maximumBytes: Int
    private let locks: CopyUseLocks
    private let fallbackFolders: [String]
    /// Whether the last trim left more than `maximumBytes` because copies were in use.
    private let isOverfull = Mutex(false)
    private let hasSwept = Mutex(false)

    init(environment: [String: String], maximumBytes: Int? = nil) {
        let root =
            environment.variable("UNDERSTUDY_CACHE_DIR") ?? environment.variable("XDG_CACHE_HOME").map {
                "\($0)/understudy"
            }
            ?? environment.variable("HOME").map { "\($0)/.cache/understudy" } ?? "/tmp/understudy-\(getuid())-cache"
        folder = "\(root)/artifacts"
        self.maximumBytes = maximumBytes ?? (try? Self.configuredBytes(environment)) ?? Self.defaultBytes
        locks = CopyUseLocks(folder: folder)
        fallbackFolders = [
            environment.variable("UNDERSTUDY_STATE_DIR"), environment.variable("TMPDIR") ?? "/tmp", "/var/tmp",
        ].compactMap(\.self)
    }

    /// The value of `UNDERSTUDY_CACHE_BYTES`, or its default.
    ///
    /// - Throws: `invalid_params` if the value is not a number of bytes.
    static func configuredBytes(_ environment: [String: String]) throws(ServiceError) -> Int {
        guard let text = environment.variable(variable) else { return defaultBytes }
        guard let bytes = Int(text), bytes >= 0 else {
            throw ServiceError(
                .invalidParams, "\(variable): expected a number of bytes, found \(text.prefix(40).debugDescription)")
        }
        return bytes
    }

    /// The copy of a specific state of an object.
    ///
    /// - Parameter identity: identifies the object's bytes; without it, no copy is found.
    func find(_ uri: ArtifactURI, identity: String?, size: Int) -> LocalFile? {
        guard let identity else { return nil }
        let path = path(uri, identity)
        guard access(path, R_OK) == 0, let file = lockForUse(path) else { return nil }
        var status = stat()
        guard stat(path, &status) == 0, Int(status.st_size) == size else { return nil }
        // Marks the copy as recently used.
        utimes(path, nil)
        return file
    }

    /// The copy of a specific state of an object, downloaded if there is none. Concurrent callers in all processes share one download.
    ///
    /// - Parameters:
    ///   - identity: identifies the object's bytes; without it, the copy is not cached.
    ///   - download: writes the object's bytes to a path.
    func fetch(
        _ uri: ArtifactURI, identity: String?, size: Int, _ download: (String) async throws -> Void
    ) async throws -> LocalFile {
        if let file = find(uri, identity: identity, size: size) { return file }
        return try await exclusively(uri, identity) {
            // Another process may have downloaded it in the meantime.
            if let file = find(uri, identity: identity, size: size) { return file }
            if makeFolder() {
                for _ in 1...2 {
                    // Tries again if the disk filled up during the download.
                    guard ensureFreeSpace(size) else { break }
                    if let path = try await Self.downloadUnlessFull(temporary(uri, in: folder), download) {
                        return store(path, uri, identity: identity, size: size) ?? Self.temporaryFile(path)
                    }
                }
            }
            return try await fetchToFallbackFolder(uri, size, download)
        }
    }

    /// Whether an object may be cached: it has an identity and is not larger than the cache.
    func isCacheable(_ identity: String?, size: Int) -> Bool { identity != nil && size <= maximumBytes }

    /// Moves a temporary file into the cache.
    ///
    /// - Returns: `nil` if the file cannot be cached; it is not moved then.
    @discardableResult
    func store(_ temporary: String, _ uri: ArtifactURI, identity: String?, size: Int) -> LocalFile? {
        guard let identity, isCacheable(identity, size: size), temporary.hasPrefix("\(folder)/") else { return nil }
        let path = path(uri, identity)
        guard let file = lockForUse(path), rename(temporary, path) == 0 else { return nil }
        trim()
        return file
    }

    /// Calls `body` with the path of a temporary file, which does not exist yet and is removed afterwards.
    func temporary<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        var privateFolder: String?
        let isUsable = makeFolder()
        if !isUsable || !ensureFreeSpace(Self.reserve) {
            privateFolder = try? Self.makePrivateFolder(
                in: fallbackFolders.filter { FreeSpace.has(Self.reserve, in: $0) })
        }
        if !isUsable, privateFolder == nil { privateFolder = try Self.makePrivateFolder(in: fallbackFolders) }
        let path = temporary(uri, in: privateFolder ?? folder)
        defer {
            unlink(path)
            if let privateFolder { rmdir(privateFolder) }
        }
        return try await body(path)
    }

    // MARK: - Free space

    /// Removes copies if necessary.
    ///
    /// - Returns: whether `bytes` of free space are available.
    private func ensureFreeSpace(_ bytes: Int) -> Bool {
        if !FreeSpace.has(bytes, in: folder) { trim(free: bytes) }
        return FreeSpace.has(bytes, in: folder)
    }

    private func trim(free: Int = 0) {
        let locks = locks
        let fits = FileCache(folder: folder, maximumBytes: maximumBytes, remove: { locks.remove($0) }).trim(free: free)
        isOverfull.withLock { $0 = !fits }
    }

    /// Locks a copy for use.
    ///
    /// - Returns: `nil` while the copy is being removed.
    private func lockForUse(_ path: String) -> LocalFile? {
        let name = path.split(separator: "/").last ?? ""
        guard locks.acquire(name) else { return nil }
        return LocalFile(path) { [self] in
            locks.release(name)
            if isOverfull.withLock(\.self) { trim() }
        }
    }

    // MARK: - Fallback folders

    /// Downloads an object to a fallback folder with enough free space, for a single use.
    private func fetchToFallbackFolder(
        _ uri: ArtifactURI, _ size: Int, _ download: (String) async throws -> Void
    ) async throws -> LocalFile {
        for parent in fallbackFolders where FreeSpace.has(size, in: parent) {
            guard let folder = try? Self.makePrivateFolder(in: [parent]) else { continue }
            do {
                if let path = try await Self.downloadUnlessFull(temporary(uri, in: folder), download) {
                    return Self.temporaryFile(path, in: folder)
                }
                rmdir(folder)
            } catch {
                rmdir(folder)
                throw error
            }
        }
        let folders = ([folder] + fallbackFolders).joined(separator: ", ")
        throw ServiceError(
            .unavailable, "\(uri): no free space for its \(size) bytes in \(folders); free some space and try again",
            cause: .diskFull)
    }

    /// A file that is removed after its use, together with its private folder.
    private static func temporaryFile(_ path: String, in privateFolder: String? = nil) -> LocalFile {
        LocalFile(path) {
            unlink(path)
            if let privateFolder { rmdir(privateFolder) }
        }
    }

    /// Creates a folder that only this user can access, in the first parent where that is possible.
    private static func makePrivateFolder(in parents: [String]) throws(ServiceError) -> String {
        for parent in parents {
            var template = Array("\(parent)/\(privateFolderPrefix)XXXXXX".utf8CString)
            if mkdtemp(&template) != nil {
                return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
        }
        throw FileFailure.error(errno, "cannot create a folder in \(parents.joined(separator: ", "))")
    }

    private static let privateFolderPrefix = "understudy-copy-"

    /// Removes private folders of terminated processes.
    private static func sweepPrivateFolders(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        where name.hasPrefix(privateFolderPrefix) {
            var status = stat()
            guard lstat("\(parent)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == geteuid(), time(nil) - status.st_mtim.tv_sec >= abandonedAge
            else { continue }
            try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
        }
    }

    /// Downloads to a path, and removes the partial file after an error.
    ///
    /// - Returns: the path, or `nil` if the disk is full.
    private static func downloadUnlessFull(
        _ path: String, _ download: (String) async throws -> Void
    ) async throws -> String? {
        do {
            try await download(path)
            return path
        } catch let error as AWSError where error.errno.map(fullDiskErrors.contains) ?? false {
            unlink(path)
            return nil
        } catch {
            unlink(path)
            throw error
        }
    }

    private static let fullDiskErrors: Set<Int32> = [ENOSPC, EDQUOT, EROFS, EFBIG]

    // MARK: - Names and locks

    /// Calls `body` while no other process on this machine does so for the same state of the same object.
    private func exclusively<R>(
        _ uri: ArtifactURI, _ identity: String?, _ body: () async throws -> R
    ) async throws -> R {
        guard let identity, makeFolder() else { return try await body() }
        let path = "\(folder)/.\(ContentKey(["uri": uri.description, "identity": identity]).text.prefix(32)).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // Without the lock file, concurrent downloads are possible but harmless.
        guard descriptor >= 0 else { return try await body() }
        // The lock is released with the descriptor. Waiters on the removed file find the finished copy, or download again.
        defer {
            unlink(path)
            close(descriptor)
        }
        try await poll(Backoff(every: .milliseconds(20))) { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
        return try await body()
    }

    /// Creates the folder of the copies, and sweeps abandoned files once.
    ///
    /// - Returns: whether copies can be written.
    private func makeFolder() -> Bool {
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard access(folder, W_OK | X_OK) == 0 else { return false }
        let mustSweep = hasSwept.withLock { hasSwept in
            defer { hasSwept = true }
            return !hasSwept
        }
        if mustSweep {
            DurableFile.sweep(folder, olderThan: Self.abandonedAge)
            for parent in fallbackFolders { Self.sweepPrivateFolders(in: parent) }
        }
        return true
    }

    private func temporary(_ uri: ArtifactURI, in folder: String) -> String {
        "\(folder)/.\(uri.name.suffix(100)).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
    }

    private func path(_ uri: ArtifactURI, _ identity: String) -> String {
        let parts = uri.name.split(separator: ".")
        let suffix = parts.count > 1 ? ".\(parts[parts.count - 1].prefix(16))" : ""
        return "\(folder)/\(ContentKey(["uri": uri.description, "identity": identity]).text)\(suffix)"
    }
}
