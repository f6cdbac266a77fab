import Contracts
import FoundationEssentials
import GRDB
import Glibc
import JSONRPC

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
        return place
    }
}
