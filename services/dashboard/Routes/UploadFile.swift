// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc
import Synchronization

/// The temporary file of an upload, until it is copied into the store. It is removed with this object.
///
/// The file is locked as long as this process lives: an unlocked file was left by a killed process, and `removeAbandoned` removes it.
final class UploadFile: Sendable {
    /// Directory entries that one call of `removeAbandoned` reads.
    private static let maximumEntries = 100_000

    let path: String
    private let descriptor: Int32
    private let quota: UploadQuota
    private let reserved = Atomic(0)
    private let isDiscarded = Atomic(false)

    /// Creates the file, and the folder if it does not exist.
    ///
    /// - Parameter quota: what its bytes count against until it is discarded.
    /// - Throws: `unavailable` with the system's error.
    init(in folder: String, _ quota: UploadQuota) throws(ServiceError) {
        self.quota = quota
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Another process may remove the new file before it is locked; then another name is tried.
        for _ in 0..<8 {
            let path = "\(folder)/.\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Self.systemError(path) }
            var status = stat()
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
                (self.path, self.descriptor) = (path, descriptor)
                return
            }
            close(descriptor)
            unlink(path)
        }
        throw ServiceError(.unavailable, "cannot lock a file in \(folder)", retryable: true)
    }

    deinit { discard() }

    /// Appends bytes.
    ///
    /// - Throws: `unavailable` with the system's error, or if the quota has no room for them.
    func write(_ bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        try quota.reserve(bytes.count)
        reserved.add(bytes.count, ordering: .relaxed)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count > 0 || errno == EINTR else { throw Self.systemError(path) }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// Removes the file and releases its part of the quota; may be called repeatedly.
    func discard() {
        guard !isDiscarded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        unlink(path)
        close(descriptor)
        quota.release(reserved.load(ordering: .relaxed))
    }

    /// Removes the files of processes that no longer run.
    ///
    /// - Returns: the number of removed files.
    @discardableResult
    static func removeAbandoned(in folder: String) -> Int {
        guard let listing = opendir(folder) else { return 0 }
        defer { closedir(listing) }
        var removed = 0
        for _ in 0..<maximumEntries {
            guard let entry = readdir(listing) else { break }
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix("."), name.hasSuffix(".tmp") else { continue }
            let path = "\(folder)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, unlink(path) == 0 { removed += 1 }
            close(descriptor)
        }
        return removed
    }

    private static func systemError(_ path: String) -> ServiceError {
        ServiceError(.unavailable, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
