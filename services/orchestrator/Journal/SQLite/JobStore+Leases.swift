// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import GRDB

extension JobStore {
    func lease(
        _ job: String, eventCount: Int, for holder: Leaseholder, at now: Timestamp
    ) async throws -> JobLease? {
        try await write { db in
            guard try Bool.fetchOne(db, sql: "SELECT 1 FROM job WHERE id = ?", arguments: [job]) == true else {
                throw ServiceError.unknownJob(job)
            }
            let other = try String.fetchOne(
                db, sql: "SELECT holder FROM lease WHERE job = ? AND holder <> ? AND expires_at > ?",
                arguments: [job, holder.id, now.milliseconds])
            if other != nil { throw LeaseLost(job: job) }
            guard try Self.eventCount(of: job, db) == eventCount else { return nil }
            return try Self.take(job, for: holder, at: now, db)
        }
    }

    func claim(for holder: Leaseholder, at now: Timestamp, limit: Int) async throws -> [JobLease] {
        try await write { db in
            let jobs = try String.fetchAll(
                db,
                sql: """
                    SELECT id FROM job LEFT JOIN lease ON lease.job = job.id
                    WHERE state IN ('queued', 'running') AND (holder IS NULL OR expires_at <= ?) ORDER BY number LIMIT ?
                    """,
                arguments: [now.milliseconds, limit])
            return try jobs.map { try Self.take($0, for: holder, at: now, db) }
        }
    }

    func renew(_ holder: Leaseholder, at now: Timestamp) async throws {
        try await write { db in
            try db.execute(
                sql: "UPDATE lease SET expires_at = ? WHERE holder = ?",
                arguments: [holder.expiry(from: now).milliseconds, holder.id])
        }
    }

    func release(_ holder: Leaseholder) async throws {
        try await write { db in
            try db.execute(sql: "UPDATE lease SET holder = NULL WHERE holder = ?", arguments: [holder.id])
        }
    }

    /// Grants a lease with the next fencing number.
    static func take(
        _ job: String, for holder: Leaseholder, at now: Timestamp, _ db: Database
    ) throws -> JobLease {
        try db.cachedStatement(
            sql: """
                INSERT INTO lease (job, holder, expires_at, fence) VALUES (?, ?, ?, 1)
                ON CONFLICT (job) DO UPDATE
                SET holder = excluded.holder, expires_at = excluded.expires_at, fence = fence + 1
                """
        ).execute(arguments: [job, holder.id, holder.expiry(from: now).milliseconds])
        return JobLease(job: job, fence: try fence(of: job, db) ?? 0)
    }

    /// - Returns: the newest fencing number of a job; `nil` if it was never leased.
    static func fence(of job: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            try db.cachedStatement(sql: "SELECT fence FROM lease WHERE job = ?"), arguments: [job])
    }

    /// Ends a lease. The fencing number is kept for the next lease.
    static func endLease(of job: String, _ db: Database) throws {
        try db.cachedStatement(sql: "UPDATE lease SET holder = NULL WHERE job = ?").execute(arguments: [job])
    }
}
