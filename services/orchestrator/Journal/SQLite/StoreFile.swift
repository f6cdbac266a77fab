import Artifacts
import Contracts
import Faults
import FoundationEssentials
import GRDB
import Glibc

/// The job store's file, looked at before anything is written to it.
enum StoreFile {
    /// Why a file cannot be the job store.
    private enum Fault {
        /// It is damaged, or something else: it is set aside.
        case unusable(String)
        /// It is one, but of a later version: it is left alone.
        case newer(String)
    }

    /// Makes sure that what lies at a path, if anything, is a whole job store that this version understands. What is not is
    /// set aside under another name, never overwritten.
    ///
    /// - Returns: what was set aside, why, and where it is now; `nil` where nothing was.
    /// - Throws: `conflict` for a store of a newer version; `unavailable` where the file cannot be read or set aside.
    static func prepare(_ path: String, at now: Timestamp) throws(ServiceError) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0 else { return nil }
        switch try fault(of: path) {
        case nil:
            return nil
        case .newer(let migrations):
            throw ServiceError(
                .conflict,
                "the job store \(path) was made by a newer version (\(migrations)): update this one, or set "
                    + "UNDERSTUDY_STATE_DIR")
        case .unusable(let reason):
            let place = try setAside(path, at: now)
            return "\(path) \(reason): it was set aside as \(place), a new job store is begun"
        }
    }

    /// Opens the job store for writing, on the disk with every commit, and for this user alone.
    ///
    /// - Throws: `unavailable` where SQLite would not flush every commit.
    static func open(_ path: String) throws -> DatabasePool {
        try makePrivate(path)
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            // Space of pruned jobs can be given back; this has an effect on a new file only.
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // A page that many commits change is copied to the database once in 4000 pages, 16 MiB of log.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
            // A log that once grew larger does not stay so.
            try db.execute(sql: "PRAGMA journal_size_limit = \(32 * 1024 * 1024)")
        }
        let database = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL on the writer when it switches to the write-ahead log, after `prepareDatabase`: commits would then
        // not be flushed.
        let level = try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            return try Int.fetchOne(db, sql: "PRAGMA synchronous")
        }
        // FULL is 2, EXTRA is 3.
        guard let level, level >= 2 else {
            throw ServiceError(
                .unavailable,
                "the job store \(path) would not survive a power loss: SQLite's synchronous is \(level ?? -1), not FULL",
                retryable: false)
        }
        return database
    }

    /// Creates the file before SQLite does, which would let everyone read it; its log and index take the mode from it.
    private static func makePrivate(_ path: String) throws(ServiceError) {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileFailure.error(errno, "cannot open the job store \(path)") }
        close(file)
        let folder = DurableFile.folder(of: path)
        try DurableFile.syncFolder(folder)
        PrivateFolder.tighten(folder)
    }

    private static func fault(of path: String) throws(ServiceError) -> Fault? {
        var configuration = Configuration()
        // Whatever it is, looking at it must not change it.
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            return try DatabaseQueue(path: path, configuration: configuration).read(fault(in:))
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_NOTADB: return .unusable("is no SQLite database")
            case .SQLITE_CORRUPT: return .unusable("is damaged (\(error.message ?? "unknown fault"))")
            default: throw ServiceError(.unavailable, "the job store \(path) cannot be read: \(error)")
            }
        } catch {
            throw ServiceError(.unavailable, "the job store \(path) cannot be read: \(error)")
        }
    }

    private static func fault(in db: Database) throws -> Fault? {
        let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
        guard finding == "ok" else { return .unusable("is damaged (\(finding))") }
        let tables = try String.fetchSet(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        if tables.isEmpty { return nil }
        let known = Set(StoreSchema.migrations.migrations)
        let applied =
            tables.contains("grdb_migrations")
            ? try String.fetchSet(db, sql: "SELECT identifier FROM grdb_migrations") : []
        guard !applied.isDisjoint(with: known) else { return .unusable("is the database of something else") }
        let newer = applied.subtracting(known).sorted()
        return newer.isEmpty ? nil : .newer("it knows \(newer.joined(separator: ", "))")
    }

    /// Renames the database with its log and its index. -> the new path.
    private static func setAside(_ path: String, at now: Timestamp) throws(ServiceError) -> String {
        let moment = now.text.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
        let place = "\(path).corrupt-\(moment)"
        for ending in ["", "-wal", "-shm"] where access(path + ending, F_OK) == 0 {
            guard access(place + ending, F_OK) != 0, rename(path + ending, place + ending) == 0 else {
                throw ServiceError(
                    .unavailable, "\(path + ending) cannot be set aside as \(place + ending): move it away by hand")
            }
        }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
        return place
    }
}
