import Contracts
import FoundationEssentials
import GRDB
import JSONRPC

/// Jobs, their events and their status messages in SQLite. What is not in here has not happened.
///
/// Write-ahead log with `synchronous=FULL`: an event that was stored survives a loss of power.
struct JobStore: Sendable {
    private let database: DatabasePool
    private let lock: StoreLock

    /// What is known of a job without folding its events.
    struct Row: Sendable {
        var number: Int64
        var spec: JobSpec
        var createdAt: Timestamp
        var state: JobState
    }

    struct StoredEvent: Sendable {
        var at: Timestamp
        var event: JobEvent
    }

    /// - Throws: `unavailable` where the file cannot be opened or is no database of ours.
    init(path: String) throws(ServiceError) {
        do {
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            lock = try StoreLock(path: "\(path).lock")
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.maximumReaderCount = 4
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
            }
            database = try DatabasePool(path: path, configuration: configuration)
            try Self.migrations.migrate(database)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(
                .unavailable, "the job store \(path) cannot be opened: \(error); move the file away to begin anew",
                retryable: false)
        }
    }

    private static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("jobs") { db in
            try db.execute(
                sql: """
                    CREATE TABLE job (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        id TEXT NOT NULL UNIQUE,
                        created_at INTEGER NOT NULL,
                        state TEXT NOT NULL,
                        spec BLOB NOT NULL,
                        idempotency_key TEXT UNIQUE,
                        fingerprint TEXT NOT NULL
                    );
                    CREATE INDEX job_state ON job(state, number);
                    CREATE TABLE event (
                        job TEXT NOT NULL,
                        n INTEGER NOT NULL,
                        at INTEGER NOT NULL,
                        body BLOB NOT NULL,
                        PRIMARY KEY (job, n)
                    ) WITHOUT ROWID;
                    CREATE TABLE message (
                        seq INTEGER PRIMARY KEY AUTOINCREMENT,
                        job TEXT NOT NULL,
                        body BLOB NOT NULL
                    );
                    CREATE INDEX message_job ON message(job, seq);
                    """)
        }
        return migrator
    }

    /// Adds a job, unless its idempotency key is known. -> the job of that key, where there is one.
    ///
    /// - Throws: `conflict` where the key stands for other parameters.
    func add(_ spec: JobSpec, at now: Timestamp, key: String?, fingerprint: String) throws -> Row? {
        try write { db in
            if let key,
                let row = try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE idempotency_key = ?", arguments: [key])
            {
                guard row["fingerprint"] as String == fingerprint else {
                    throw ServiceError(
                        .conflict,
                        "the idempotency key \"\(key)\" stands for job \(row["id"] as String) with other parameters")
                }
                return try Self.row(row)
            }
            try db.execute(
                sql: """
                    INSERT INTO job (id, created_at, state, spec, idempotency_key, fingerprint) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    spec.jobID, now.milliseconds, JobState.queued.rawValue, try JSONCoding.encode(spec), key,
                    fingerprint,
                ])
            return nil
        }
    }

    /// Stores an event with the messages that it caused, all or nothing. -> the messages with their numbers.
    func append(
        _ event: JobEvent, number: Int, at now: Timestamp, of machine: JobMachine, drafts: [StatusDraft]
    ) throws -> [StatusMessage] {
        try write { db in
            let id = machine.spec.jobID
            try db.execute(
                sql: "INSERT INTO event (job, n, at, body) VALUES (?, ?, ?, ?)",
                arguments: [id, number, now.milliseconds, try JSONCoding.encode(event)])
            try db.execute(
                sql: "UPDATE job SET state = ? WHERE id = ? AND state <> ?",
                arguments: [machine.state.rawValue, id, machine.state.rawValue])
            var messages: [StatusMessage] = []
            for draft in drafts {
                try db.execute(sql: "INSERT INTO message (job, body) VALUES (?, x'')", arguments: [id])
                let message = machine.message(draft, seq: Int(db.lastInsertedRowID), at: now)
                try db.execute(
                    sql: "UPDATE message SET body = ? WHERE seq = ?",
                    arguments: [try JSONCoding.encode(message), message.seq])
                messages.append(message)
            }
            return messages
        }
    }

    /// - Returns: `nil` for an unknown job.
    func job(_ id: String) throws -> Row? {
        try read { db in
            try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]).map(Self.row)
        }
    }

    /// Jobs, newest first.
    ///
    /// - Parameter after: only jobs older than this one.
    func jobs(state: JobState?, limit: Int, after: String?) throws -> [Row] {
        try read { db in
            var conditions: [String] = []
            var arguments: [any DatabaseValueConvertible] = []
            if let state {
                conditions.append("state = ?")
                arguments.append(state.rawValue)
            }
            if let after {
                conditions.append("number < (SELECT number FROM job WHERE id = ?)")
                arguments.append(after)
            }
            let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            return try SQL.Row.fetchAll(
                db, sql: "SELECT * FROM job \(filter) ORDER BY number DESC LIMIT \(limit)",
                arguments: StatementArguments(arguments)
            ).map(Self.row)
        }
    }

    /// Jobs that are not at their end, oldest first.
    func unfinished() throws -> [Row] {
        try read { db in
            try SQL.Row.fetchAll(
                db, sql: "SELECT * FROM job WHERE state IN ('queued', 'running') ORDER BY number"
            ).map(Self.row)
        }
    }

    func events(of id: String) throws -> [StoredEvent] {
        try read { db in
            try SQL.Row.fetchAll(db, sql: "SELECT at, body FROM event WHERE job = ? ORDER BY n", arguments: [id]).map {
                row in
                StoredEvent(
                    at: Timestamp(milliseconds: row["at"]),
                    event: try JSONCoding.decode(JobEvent.self, from: row["body"] as Data))
            }
        }
    }

    /// Status messages after a number, in order.
    func messages(after seq: Int, jobID: String?, limit: Int) throws -> [StatusMessage] {
        try read { db in
            let rows =
                if let jobID {
                    try SQL.Row.fetchAll(
                        db, sql: "SELECT body FROM message WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
                        arguments: [jobID, seq, limit])
                } else {
                    try SQL.Row.fetchAll(
                        db, sql: "SELECT body FROM message WHERE seq > ? ORDER BY seq LIMIT ?", arguments: [seq, limit])
                }
            return try rows.map { try JSONCoding.decode(StatusMessage.self, from: $0["body"] as Data) }
        }
    }

    /// The number of the newest message; 0 where there is none.
    func lastSeq() throws -> Int {
        try read { db in try Int.fetchOne(db, sql: "SELECT COALESCE(MAX(seq), 0) FROM message") ?? 0 }
    }

    // MARK: -

    private enum SQL {
        typealias Row = GRDB.Row
    }

    private static func row(_ row: SQL.Row) throws -> Row {
        Row(
            number: row["number"], spec: try JSONCoding.decode(JobSpec.self, from: row["spec"] as Data),
            createdAt: Timestamp(milliseconds: row["created_at"]), state: JobState(rawValue: row["state"]) ?? .error)
    }

    private func write<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try database.write(body)
        } catch let error as DatabaseError {
            throw Self.failure(error)
        }
    }

    private func read<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try database.read(body)
        } catch let error as DatabaseError {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: DatabaseError) -> ServiceError {
        if error.resultCode == .SQLITE_FULL {
            return ServiceError(.unavailable, "the job store's disk is full; make room", providerCode: "ENOSPC")
        }
        return ServiceError(.unavailable, "the job store: \(error)")
    }
}
