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
        try await readAside { db in
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
        try await readAside { db in
            let rows = try SQL.Row.fetchAll(db, sql: "SELECT state, COUNT(*) AS count FROM job GROUP BY state")
            return Dictionary(rows.map { ($0["state"], $0["count"]) }) { first, _ in first }
        }
    }

    func finalView(of id: String) async throws -> JobView? {
        try await readAside { db in
            try SQL.Row.fetchOne(db, sql: "SELECT view FROM job WHERE id = ?", arguments: [id]).flatMap(Self.view)
        }
    }

    func result(of id: String) async throws -> JobResult? {
        try await readAside { db in
            let row = try SQL.Row.fetchOne(
                db, sql: "SELECT receipt, guidance FROM result JOIN job ON job.id = job WHERE job = ?", arguments: [id])
            // One that cannot be read counts as absent: the events hold the same.
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
        try await readAside { db in
            guard let found = try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]) else {
                return nil
            }
            let row = try Self.row(found)
            return JobHistory(row: row, events: try Self.events(of: row, db))
        }
    }

    func messages(after seq: Int, jobID: String?, limit: Int) throws -> [StatusMessage] {
        try read { db in
            // What pruned jobs left is not shown while it is swept.
            let known = "job NOT IN (SELECT job FROM pruned)"
            let rows =
                if let jobID {
                    try SQL.Row.fetchAll(
                        db, sql: "SELECT body FROM message WHERE job = ? AND seq > ? AND \(known) ORDER BY seq LIMIT ?",
                        arguments: [jobID, seq, limit])
                } else {
                    try SQL.Row.fetchAll(
                        db, sql: "SELECT body FROM message WHERE seq > ? AND \(known) ORDER BY seq LIMIT ?",
                        arguments: [seq, limit])
                }
            // A message that cannot be read is missed; those after it are not.
            return rows.compactMap { try? JSONCoding.decode(StatusMessage.self, from: Self.data($0["body"])) }
        }
    }

    func lastSeq() throws -> Int { try read(Self.lastSeq) }

    // MARK: -

    private enum SQL {
        typealias Row = GRDB.Row
    }

    /// Numbers of messages stay below: readers of JSON keep whole numbers up to here. A larger one in the store is damage.
    private static let largestNumber = 1 << 53

    /// The newest message may have been pruned; `sqlite_sequence` keeps the highest number that was ever stored.
    static func lastSeq(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT MAX(
                    COALESCE((SELECT MAX(seq) FROM message WHERE seq < ?1), 0),
                    COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'message' AND seq < ?1), 0))
                """, arguments: [largestNumber]) ?? 0
    }

    static func eventCount(of id: String, _ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT COALESCE(MAX(n) + 1, 0) FROM event WHERE job = ?", arguments: [id]) ?? 0
    }

    static func row(key: String, fingerprint: String, _ db: Database) throws -> JobRow? {
        let found = try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE idempotency_key = ?", arguments: [key])
        guard let found else { return nil }
        guard found["fingerprint"] as String == fingerprint else {
            throw ServiceError(
                .conflict,
                "the idempotency key \"\(key)\" stands for job \(found["id"] as String) with other parameters")
        }
        return try row(found)
    }

    private static func row(_ row: SQL.Row) throws -> JobRow {
        let createdAt = moment(row["created_at"])
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
                events.append(RecordedEvent(at: moment(row["at"]), event: try EventFormat.decode(data(row["body"]))))
            } catch {
                throw DamagedJob(job.spec, createdAt: job.createdAt, row: .event(number(row["n"])), error: error)
            }
        }
        return events
    }

    /// A view that cannot be read counts as absent: the events hold the same.
    private static func view(_ row: SQL.Row) -> JobView? {
        try? JSONCoding.decode(JobView.self, from: data(row["view"]))
    }

    // GRDB traps on a column of another type than is asked for, as damage may leave it.

    /// A column of milliseconds; the beginning of time for what is not a number.
    private static func moment(_ value: DatabaseValue) -> Timestamp {
        Timestamp(milliseconds: Int64.fromDatabaseValue(value) ?? 0)
    }

    /// A column of JSON; empty for what is neither text nor bytes.
    private static func data(_ value: DatabaseValue) -> Data { Data.fromDatabaseValue(value) ?? Data() }

    /// The column of an event's number; -1 for what is not a number.
    private static func number(_ value: DatabaseValue) -> Int { Int.fromDatabaseValue(value) ?? -1 }

    /// The column of a job's state; `error` for what is not one.
    private static func state(_ value: DatabaseValue) -> JobState {
        String.fromDatabaseValue(value).flatMap(JobState.init(rawValue:)) ?? .error
    }
}
