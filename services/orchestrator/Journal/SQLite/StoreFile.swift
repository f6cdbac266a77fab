// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import GRDB
import Glibc

/// Checks and opens the file of the job store.
enum StoreFile {
    /// Why a file cannot be the job store.
    private enum Fault {
        /// The file is damaged or not a job store. It is set aside.
        case unusable(String)
        /// A later version wrote the job store. It is not touched.
        case newer(String)
    }

    /// Checks that the file at a path, if any, is an intact job store that this version can read. An unusable file is renamed, never
    /// overwritten.
    ///
    /// - Returns: a message about the file that was set aside; `nil` if none was.
    /// - Throws: `conflict` for a store of a newer version; `unavailable` if the file cannot be read or renamed.
    static func prepare(_ path: String, at now: Timestamp) throws(ServiceError) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0 else { return nil }
        switch try fault(of: path) {
        case nil:
            return nil
        case .newer(let migrations):
            throw ServiceError(
                .conflict,
                "the job store \(path) was written by a newer version (\(migrations)): install the newer version, or "
                    + "set UNDERSTUDY_STATE_DIR to another directory")
        case .unusable(let reason):
            let backup = try setAside(path, at: now)
            return "\(path) \(reason): it was renamed to \(backup), and a new job store was created"
        }
    }

    /// Opens the job store for writing. Every commit is flushed to disk; the file is readable by this user only.
    ///
    /// - Throws: `unavailable` if SQLite does not flush every commit.
    static func open(_ path: String) throws -> DatabasePool {
        try makePrivate(path)
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            // Lets `JobStore.sweep` return pages to the file system. Has an effect on new files only.
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Checkpoints after 4000 pages (16 MiB of log), so that a page that many commits change is copied rarely.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
            // Truncates a log that has grown larger.
            try db.execute(sql: "PRAGMA journal_size_limit = \(32 * 1024 * 1024)")
        }
        let database = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL on the writer when it switches to the write-ahead log, after `prepareDatabase`. Commits would then not be
        // flushed.
        let level = try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            return try Int.fetchOne(db, sql: "PRAGMA synchronous")
        }
        // FULL is 2, EXTRA is 3.
        guard let level, level >= 2 else {
            throw ServiceError(
                .unavailable,
                "SQLite refused synchronous=FULL for the job store \(path) (got \(level.map(String.init) ?? "nothing")), "
                    + "so a power loss could lose jobs: check the SQLite build",
                retryable: false)
        }
        return database
    }

    /// Creates the file before SQLite would create it readable for everyone. Its log and index get the same mode.
    private static func makePrivate(_ path: String) throws(ServiceError) {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileFailure.error(errno, "cannot open the job store \(path)") }
        close(file)
        let folder = DurableFile.folder(of: path)
        try DurableFile.syncFolder(folder)
        PrivateFolder.restrictPermissions(folder)
    }

    private static func fault(of path: String) throws(ServiceError) -> Fault? {
        var configuration = Configuration()
        // The check must not change the file.
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            return try DatabaseQueue(path: path, configuration: configuration).read(fault(in:))
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_NOTADB: return .unusable("is not an SQLite database")
            case .SQLITE_CORRUPT: return .unusable("is damaged (\(error.message ?? "unknown error"))")
            default: throw ServiceError(.unavailable, "the job store \(path) cannot be read: \(error)")
            }
        } catch {
            throw ServiceError(.unavailable, "the job store \(path) cannot be read: \(error)")
        }
    }

    private static func fault(in db: Database) throws -> Fault? {
        let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no result"
        guard finding == "ok" else { return .unusable("is damaged (\(finding))") }
        let tables = try String.fetchSet(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        if tables.isEmpty { return nil }
        let known = Set(StoreSchema.migrations.migrations)
        let applied =
            tables.contains("grdb_migrations")
            ? try String.fetchSet(db, sql: "SELECT identifier FROM grdb_migrations") : []
        guard !applied.isDisjoint(with: known) else { return .unusable("is the database of another application") }
        let newer = applied.subtracting(known).sorted()
        return newer.isEmpty ? nil : .newer("migrations \(newer.joined(separator: ", "))")
    }

    /// Renames the database with its log and its index.
    ///
    /// - Returns: the new path.
    private static func setAside(_ path: String, at now: Timestamp) throws(ServiceError) -> String {
        let time = now.text.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
        let backup = "\(path).corrupt-\(time)"
        for ending in ["", "-wal", "-shm"] where access(path + ending, F_OK) == 0 {
            guard access(backup + ending, F_OK) != 0, rename(path + ending, backup + ending) == 0 else {
                throw ServiceError(
                    .unavailable, "\(path + ending) cannot be renamed to \(backup + ending): move it away manually")
            }
        }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
        return backup
    }
}
