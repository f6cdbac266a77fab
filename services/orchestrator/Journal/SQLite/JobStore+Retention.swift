// SPDX-License-Identifier: Apache-2.0

import Contracts
import GRDB

/// Prunes ended jobs from the job store. Their receipts and films stay in the artifact store.
///
/// A job is first deleted in one transaction. Its events and messages follow in small transactions, so that commits of running jobs are
/// not delayed.
extension JobStore {
    /// The maximum number of rows deleted from each table in one transaction.
    private static let stepRows = 200
    /// The maximum size of rows deleted from each table in one transaction, in bytes; at least one row is deleted.
    private static let stepBytes = 1 << 20
    /// The number of pages returned to the file system in one transaction.
    private static let stepPages = 256

    func expiredJobs(endedBefore: Timestamp?, keeping: Int?, limit: Int) async throws -> [String] {
        try await readConcurrently { db in
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
            // The creation time narrows the search: a job ends after its creation, but an old job may have been retried recently.
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
                guard step.add(bytes) else { break }
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
        return try await releasePages()
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

    /// Counts the rows of one transaction.
    private struct Step {
        private(set) var rows = 0
        private var bytes = 0

        /// Adds a row.
        ///
        /// - Parameter size: the row's size in bytes.
        /// - Returns: `false` if the row does not fit.
        mutating func add(_ size: Int) -> Bool {
            guard rows == 0 || (rows < JobStore.stepRows && bytes + size <= JobStore.stepBytes) else { return false }
            rows += 1
            bytes += size
            return true
        }
    }

    /// The first rows of a job that fit into one step.
    ///
    /// - Returns: the key of the last of these rows, and whether they are all rows of the job.
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
            guard step.add(Int.fromDatabaseValue(size) ?? 0) else { return (last, false) }
            last = Int64.fromDatabaseValue(row["key"]) ?? .max
        }
        return (last, true)
    }

    /// Returns some unused pages to the file system. Files created by earlier versions reuse their pages instead.
    ///
    /// - Returns: whether there are more.
    private func releasePages() async throws -> Bool {
        try await write { db in
            let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            // Keep some free pages for new jobs.
            guard free > Self.stepPages, try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2 else { return false }
            // SQLite frees one page for each result row that is read.
            _ = try GRDB.Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(Self.stepPages))")
            return true
        }
    }
}
