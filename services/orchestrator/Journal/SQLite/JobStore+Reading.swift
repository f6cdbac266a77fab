// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import GRDB
import JSON

extension JobStore {
    func job(_ id: String) throws -> JobRow? {
        try read { db in
            try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]).map(Self.row)
        }
    }

    func job(key: String, fingerprint: String) throws -> JobRow? {
        try read { db in try Self.row(key: key, fingerprint: fingerprint, db) }
    }

    func jobs(state: JobState?, limit: Int, after: String?, maximumBytes: Int = .max) async throws -> JobPage {
        try await readConcurrently { db in
            var conditions: [String] = []
            var arguments = StatementArguments()
            if let state {
                conditions.append("state = ?")
                arguments += [state.rawValue]
            }
            if let after {
                conditions.append("number < ?")
                let number = try Int64.fetchOne(db, sql: "SELECT number FROM job WHERE id = ?", arguments: [after])
                guard let number else { throw ServiceError.unknownJob(after) }
                arguments += [number]
            }
            let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            let sql = "SELECT id, view FROM job \(filter) ORDER BY number DESC LIMIT \(limit + 1)"
            var page = JobPage()
            let rows = try SQL.Row.fetchCursor(db, sql: sql, arguments: arguments)
            while let row = try rows.next() {
                try Task.checkCancellation()
                let size = Self.data(row["view"]).count
                if page.jobs.count == limit || (page.bytes + size > maximumBytes && !page.jobs.isEmpty) {
                    page.hasMore = true
                    break
                }
                page.bytes += size
                page.jobs.append((row["id"], Self.view(row)))
            }
            return page
        }
    }

    func counts() async throws -> [String: Int] {
        try await readConcurrently { db in
            let rows = try SQL.Row.fetchAll(db, sql: "SELECT state, count FROM job_count WHERE count > 0")
            return Dictionary(rows.map { ($0["state"], $0["count"]) }) { first, _ in first }
        }
    }

    func finalView(of id: String) async throws -> JobView? {
        try await readConcurrently { db in
            try SQL.Row.fetchOne(db, sql: "SELECT view FROM job WHERE id = ?", arguments: [id]).flatMap(Self.view)
        }
    }

    func result(of id: String) async throws -> JobResult? {
        try await readConcurrently { db in
            let row = try SQL.Row.fetchOne(
                db, sql: "SELECT receipt, guidance FROM result JOIN job ON job.id = job WHERE job = ?", arguments: [id])
            // A result that cannot be read counts as absent, because it can be derived from the events.
            guard let row, let text = PackedText.unpack(Self.data(row["receipt"])),
                let receipt = try? JSONCoding.decode(Receipt.self, from: text)
            else { return nil }
            let guidance: DatabaseValue = row["guidance"]
            if guidance.isNull { return JobResult(receipt: receipt) }
            guard let texts = try? JSONCoding.decode([String].self, from: Self.data(guidance)) else { return nil }
            return JobResult(receipt: receipt, guidance: texts)
        }
    }

    func history(of id: String) async throws -> JobHistory? {
        try await readConcurrently { db in
            guard let found = try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]) else {
                return nil
            }
            let row = try Self.row(found)
            return JobHistory(row: row, events: try Self.events(of: row, db))
        }
    }

    func messages(after seq: Int, jobID: String?, limit: Int) throws -> [StatusMessage] {
        try read { db in
            // Messages of pruned jobs are hidden until they are swept.
            let notPruned = "job NOT IN (SELECT job FROM pruned)"
            let rows =
                if let jobID {
                    try SQL.Row.fetchAll(
                        db,
                        sql: "SELECT body FROM message WHERE job = ? AND seq > ? AND \(notPruned) ORDER BY seq LIMIT ?",
                        arguments: [jobID, seq, limit])
                } else {
                    try SQL.Row.fetchAll(
                        db, sql: "SELECT body FROM message WHERE seq > ? AND \(notPruned) ORDER BY seq LIMIT ?",
                        arguments: [seq, limit])
                }
            // A message that cannot be read is omitted, so that it does not block the messages after it.
            return rows.compactMap { try? JSONCoding.decode(StatusMessage.self, from: Self.data($0["body"])) }
        }
    }

    func lastSeq() throws -> Int { try read(Self.lastSeq) }

    // MARK: -

    private enum SQL {
        typealias Row = GRDB.Row
    }

    /// The upper bound of `seq`: the largest range of integers that every JSON reader preserves. A larger stored value is damage.
    private static let maximumSeq = 1 << 53

    /// The `seq` of the newest message that was ever stored. That message may have been pruned; `sqlite_sequence` preserves its number.
    static func lastSeq(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT MAX(
                    COALESCE((SELECT MAX(seq) FROM message WHERE seq < ?1), 0),
                    COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'message' AND seq < ?1), 0))
                """, arguments: [maximumSeq]) ?? 0
    }

    /// The number of a job's events.
    static func eventCount(of id: String, _ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT COALESCE(MAX(n) + 1, 0) FROM event WHERE job = ?", arguments: [id]) ?? 0
    }

    /// The job of an idempotency key.
    ///
    /// - Throws: `conflict` if the key belongs to other parameters; `DamagedJob`.
    static func row(key: String, fingerprint: String, _ db: Database) throws -> JobRow? {
        let found = try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE idempotency_key = ?", arguments: [key])
        guard let found else { return nil }
        guard found["fingerprint"] as String == fingerprint else {
            throw ServiceError(
                .conflict,
                "the idempotency key \"\(key)\" belongs to the job \(found["id"] as String), which has other parameters"
            )
        }
        return try row(found)
    }

    private static func row(_ row: SQL.Row) throws -> JobRow {
        let createdAt = timestamp(row["created_at"])
        let text = data(row["spec"])
        do {
            return JobRow(
                number: row["number"], spec: try SpecFormat.decode(text), createdAt: createdAt,
                state: state(row["state"]))
        } catch {
            throw DamagedJob(id: row["id"], specification: text, createdAt: createdAt, error: error)
        }
    }

    private static func events(of job: JobRow, _ db: Database) throws -> [RecordedEvent] {
        let rows = try SQL.Row.fetchCursor(
            db, sql: "SELECT n, at, body FROM event WHERE job = ? ORDER BY n", arguments: [job.spec.jobID])
        var events: [RecordedEvent] = []
        while let row = try rows.next() {
            try Task.checkCancellation()
            do {
                events.append(RecordedEvent(at: timestamp(row["at"]), event: try EventFormat.decode(data(row["body"]))))
            } catch {
                throw DamagedJob(job.spec, createdAt: job.createdAt, row: .event(number(row["n"])), error: error)
            }
        }
        return events
    }

    /// The stored view; `nil` if it cannot be read, because it can be derived from the events.
    private static func view(_ row: SQL.Row) -> JobView? {
        try? JSONCoding.decode(JobView.self, from: data(row["view"]))
    }

    // GRDB traps if a column has another type than requested, which may happen in a damaged store.

    /// A column of milliseconds; 1970 if it is not a number.
    private static func timestamp(_ value: DatabaseValue) -> Timestamp {
        Timestamp(milliseconds: Int64.fromDatabaseValue(value) ?? 0)
    }

    /// A column of JSON; empty if it is neither text nor bytes.
    private static func data(_ value: DatabaseValue) -> Data { Data.fromDatabaseValue(value) ?? Data() }

    /// The column of an event's number; -1 if it is not a number.
    private static func number(_ value: DatabaseValue) -> Int { Int.fromDatabaseValue(value) ?? -1 }

    /// The column of a job's state; `error` if it is not a known state.
    private static func state(_ value: DatabaseValue) -> JobState {
        String.fromDatabaseValue(value).flatMap(JobState.init(rawValue:)) ?? .error
    }
}
