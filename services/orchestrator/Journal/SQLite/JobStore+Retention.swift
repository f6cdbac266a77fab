import Contracts
import GRDB

/// Pruning jobs at their end: what they left in the store goes, their receipts and films stay in the artifact store.
///
/// A job first disappears as a whole, in one transaction; its events and messages follow in small steps, so that commits of running
/// jobs never wait long.
extension JobStore {
    /// Rows that go in one transaction, of each table.
    private static let stepRows = 200
    /// Bytes of rows that go in one transaction, of each table; at least one row goes.
    private static let stepBytes = 1 << 20
    /// Pages that are given back to the file system in one transaction.
    private static let stepPages = 256

    func expiredJobs(endedBefore: Timestamp?, keeping: Int?, limit: Int) async throws -> [String] {
        try await readAside { db in
            var expired: [String] = []
            if let keeping {
                let count =
                    try Int.fetchOne(
                        db, sql: "SELECT COUNT(*) FROM job WHERE state NOT IN ('queued', 'running')") ?? 0
                if count > keeping {
                    expired = try String.fetchAll(
                        db,
                        sql: """
                            SELECT id FROM job WHERE state NOT IN ('queued', 'running') ORDER BY number LIMIT ?
                            """,
                        arguments: [min(count - keeping, limit)])
                }
            }
            guard let endedBefore, expired.count < limit else { return expired }
            // A job never ends before it was created, and an old one may have been retried lately.
            let old = try String.fetchAll(
                db,
                sql: """
                    SELECT id FROM job
                    WHERE state NOT IN ('queued', 'running') AND created_at < ?1
                        AND COALESCE((SELECT at FROM event WHERE job = job.id ORDER BY n DESC LIMIT 1), created_at) < ?1
                    ORDER BY created_at LIMIT ?2
                    """,
                arguments: [endedBefore.milliseconds, limit])
            return expired + old.filter { !expired.contains($0) }.prefix(limit - expired.count)
        }
    }

    func prune(_ jobs: [String]) async throws -> Int {
        try await write { db in
            var step = Step()
            for id in jobs {
                let bytes = try Int.fetchOne(
                    db,
                    sql: """
                        SELECT LENGTH(spec) + COALESCE(LENGTH(view), 0)
                            + COALESCE((SELECT LENGTH(receipt) FROM result WHERE result.job = job.id), 0)
                        FROM job WHERE id = ? AND state NOT IN ('queued', 'running')
                        """,
                    arguments: [id])
                guard let bytes else { continue }
                guard step.takes(bytes) else { break }
                try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id])
                try db.execute(sql: "DELETE FROM result WHERE job = ?", arguments: [id])
                try db.execute(sql: "DELETE FROM lease WHERE job = ?", arguments: [id])
                try db.execute(sql: "INSERT OR IGNORE INTO pruned (job) VALUES (?)", arguments: [id])
            }
            return step.rows
        }
    }

    func sweep() async throws -> Bool {
        if try await sweepPruned() { return true }
        return try await returnSpace()
    }

    private func sweepPruned() async throws -> Bool {
        try await write { db in
            guard let id = try String.fetchOne(db, sql: "SELECT job FROM pruned LIMIT 1") else { return false }
            let events = try Self.first(of: "event", key: "n", of: id, db)
            try db.execute(
                sql: "DELETE FROM event WHERE job = ? AND n <= ?", arguments: [id, events.last ?? -1])
            let messages = try Self.first(of: "message", key: "seq", of: id, db)
            try db.execute(
                sql: "DELETE FROM message WHERE job = ? AND seq <= ?", arguments: [id, messages.last ?? -1])
            if events.isAll, messages.isAll {
                try db.execute(sql: "DELETE FROM pruned WHERE job = ?", arguments: [id])
            }
            return true
        }
    }

    /// What goes in one transaction.
    private struct Step {
        private(set) var rows = 0
        private var bytes = 0

        /// Counts a row in, if the step has room for it.
        mutating func takes(_ size: Int) -> Bool {
            guard rows == 0 || (rows < JobStore.stepRows && bytes + size <= JobStore.stepBytes) else { return false }
            rows += 1
            bytes += size
            return true
        }
    }

    /// The first rows of a job, as many as a step takes.
    ///
    /// - Returns: the key of the last of them, and whether there are no more.
    private static func first(
        of table: String, key: String, of job: String, _ db: Database
    ) throws -> (last: Int64?, isAll: Bool) {
        var step = Step()
        var last: Int64?
        let rows = try GRDB.Row.fetchCursor(
            db, sql: "SELECT \(key) AS key, LENGTH(body) AS size FROM \(table) WHERE job = ? ORDER BY \(key)",
            arguments: [job])
        while let row = try rows.next() {
            let size: DatabaseValue = row["size"]
            guard step.takes(Int.fromDatabaseValue(size) ?? 0) else { return (last, false) }
            last = Int64.fromDatabaseValue(row["key"]) ?? .max
        }
        return (last, true)
    }

    /// Gives some unused pages at the end of the file back to the file system. Files of earlier versions keep theirs and use them
    /// again.
    ///
    /// - Returns: whether there are more.
    private func returnSpace() async throws -> Bool {
        try await write { db in
            let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            // Some are left for the jobs to come.
            guard free > Self.stepPages, try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2 else { return false }
            // SQLite frees a page with each row that is read.
            _ = try GRDB.Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(Self.stepPages))")
            return true
        }
    }
}
