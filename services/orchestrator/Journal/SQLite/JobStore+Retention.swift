import Contracts
import FoundationEssentials
import GRDB

/// Pruning jobs at their end: what they left in the store goes, their receipts and films stay in the artifact store.
///
/// A job first disappears as a whole, in one transaction; its events and messages follow in small steps, so that commits of running
/// jobs never wait long.
extension JobStore {
    /// Rows that go in one transaction.
    private static let stepRows = 200
    /// Pages that are given back to the file system in one transaction.
    private static let stepPages = 256

    /// The oldest jobs at their end that exceed a bound.
    ///
    /// - Parameters:
    ///   - endedBefore: jobs whose last event is older exceed their age; `nil` for no bound.
    ///   - keeping: how many jobs at their end are kept; `nil` for no bound.
    ///   - limit: how many jobs are returned at most.
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

    /// Forgets jobs that are at their end, with their idempotency keys.
    func prune(_ jobs: [String]) async throws {
        try await write { db in
            for id in jobs {
                try db.execute(
                    sql: "DELETE FROM job WHERE id = ? AND state NOT IN ('queued', 'running')", arguments: [id])
                guard db.changesCount > 0 else { continue }
                try db.execute(sql: "INSERT OR IGNORE INTO pruned (job) VALUES (?)", arguments: [id])
            }
        }
    }

    /// Removes some of what pruned jobs left.
    ///
    /// - Returns: whether there is more.
    func sweepPruned() async throws -> Bool {
        try await write { db in
            guard let id = try String.fetchOne(db, sql: "SELECT job FROM pruned LIMIT 1") else { return false }
            try db.execute(
                sql: "DELETE FROM event WHERE job = ?1 AND n IN (SELECT n FROM event WHERE job = ?1 LIMIT ?2)",
                arguments: [id, Self.stepRows])
            let events = db.changesCount
            try db.execute(
                sql: "DELETE FROM message WHERE seq IN (SELECT seq FROM message WHERE job = ?1 LIMIT ?2)",
                arguments: [id, Self.stepRows])
            if events < Self.stepRows, db.changesCount < Self.stepRows {
                try db.execute(sql: "DELETE FROM pruned WHERE job = ?", arguments: [id])
            }
            return true
        }
    }

    /// Gives some unused pages at the end of the file back to the file system. Files of earlier versions keep theirs and use them
    /// again.
    ///
    /// - Returns: whether there are more.
    func returnSpace() async throws -> Bool {
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
