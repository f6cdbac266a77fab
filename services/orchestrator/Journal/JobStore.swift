import Artifacts
import Breaker
import Contracts
import FoundationEssentials
import GRDB
import JSONRPC
import ServicePool
import Synchronization

/// Jobs, their events and their status messages in SQLite. What is not in here has not happened.
///
/// The store uses a write-ahead log with `synchronous=FULL`: every commit ends with an `fsync`, so an event that was stored
/// survives a power loss.
struct JobStore: Sendable {
    let database: DatabasePool
    let commits: GroupCommit
    private let numbers: MessageNumbers
    /// Two orchestrators on one store would run every job twice: the second is refused.
    private let lock: InstanceLock
    /// What lay in the store's place, why it was set aside, and where it is now.
    let setAside: String?

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

    /// Events of one job and all that they caused, kept together or not at all.
    struct Entry: Sendable {
        var spec: JobSpec
        /// The number of the first event.
        var number: Int
        var events: [JobEvent]
        var at: Timestamp
        var drafts: [StatusDraft]
        /// Present where it changed.
        var state: JobState?
        /// The job as it is shown from now on, at its end.
        var view: JobView?
    }

    /// - Throws: `unavailable` where the file cannot be opened, `conflict` where another orchestrator has it or a newer version
    ///   made it.
    init(path: String) throws(ServiceError) {
        do {
            let folder = DurableFile.folder(of: path)
            try PrivateFolder.make(folder)
            guard let lock = try InstanceLock(path: "\(path).lock", patience: .zero) else {
                throw ServiceError(
                    .conflict,
                    "another orchestrator uses this job store (\(path).lock is locked): set UNDERSTUDY_STATE_DIR")
            }
            self.lock = lock
            setAside = try StoreFile.prepare(path, at: .now)
            database = try StoreFile.open(path)
            try StoreSchema.migrations.migrate(database)
            numbers = MessageNumbers(last: try database.read(Self.lastSeq))
            commits = GroupCommit(database)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(
                .unavailable, "the job store \(path) cannot be opened: \(error); move the file away to begin anew",
                retryable: false)
        }
    }

    // MARK: - Writing

    /// Adds a job, unless its idempotency key is known. -> the job of that key, where there is one.
    ///
    /// - Throws: `conflict` where the key stands for other parameters.
    func add(_ spec: JobSpec, at now: Timestamp, key: String?, fingerprint: String) async throws -> Row? {
        let body = try JSONCoding.encode(spec)
        return try await write { db in
            if let key, let row = try Self.row(key: key, fingerprint: fingerprint, db) { return row }
            try db.execute(
                sql: """
                    INSERT INTO job (id, created_at, state, spec, idempotency_key, fingerprint) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [spec.jobID, now.milliseconds, JobState.queued.rawValue, body, key, fingerprint])
            return nil
        }
    }

    /// Stores events with the messages that they caused, all or nothing. -> the messages with their numbers.
    ///
    /// An entry that is there already, since the failure of its commit came too late to undo it, is not stored again.
    func append(_ entry: Entry) async throws -> [StatusMessage] {
        let bodies = try entry.events.map { try JSONCoding.encode($0) }
        let view = try entry.view.map { try JSONCoding.encode($0) }
        return try await write { [numbers] db in
            let id = entry.spec.jobID
            let insert = try db.cachedStatement(
                sql: "INSERT OR IGNORE INTO event (job, n, at, body) VALUES (?, ?, ?, ?)")
            for (index, body) in bodies.enumerated() {
                try insert.execute(arguments: [id, entry.number + index, entry.at.milliseconds, body])
                if db.changesCount == 0 { return [] }
            }
            if let state = entry.state {
                try db.cachedStatement(sql: "UPDATE job SET state = ?, view = ? WHERE id = ?")
                    .execute(arguments: [state.rawValue, view, id])
            }
            let tell = try db.cachedStatement(sql: "INSERT INTO message (seq, job, body) VALUES (?, ?, ?)")
            return try entry.drafts.map { draft in
                let message = draft.message(of: entry.spec, seq: numbers.next(), at: entry.at)
                try tell.execute(arguments: [message.seq, id, try JSONCoding.encode(message)])
                return message
            }
        }
    }

    /// Stores a breaker with the next commit.
    ///
    /// - Parameter failed: is called if that commit fails.
    func keep(
        _ breaker: BreakerMachine, name: String, failed: @escaping @Sendable (any Error) -> Void
    ) throws {
        let body = try JSONCoding.encode(breaker)
        commits.enqueue(failed: failed) { db in
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO breaker (name, body) VALUES (?, ?)")
                .execute(arguments: [name, body])
        }
    }

    /// Waits until everything that was enqueued before is on the disk.
    func settle() async throws { try await write { _ in } }

    // MARK: - Reading

    /// - Returns: `nil` for an unknown job.
    func job(_ id: String) throws -> Row? {
        try read { db in
            try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]).map(Self.row)
        }
    }

    func has(_ id: String) throws -> Bool {
        try read { db in try Bool.fetchOne(db, sql: "SELECT 1 FROM job WHERE id = ?", arguments: [id]) ?? false }
    }

    /// - Returns: `nil` where the idempotency key is not known.
    /// - Throws: `conflict` where it stands for other parameters.
    func job(key: String, fingerprint: String) throws -> Row? {
        try read { db in try Self.row(key: key, fingerprint: fingerprint, db) }
    }

    /// A page of jobs, newest first: their ids, and the views of those at their end.
    struct Page: Sendable {
        var jobs: [(id: String, view: JobView?)] = []
        /// Of the views as they are stored.
        var bytes = 0
        /// Whether there are older jobs.
        var hasMore = false
    }

    /// - Parameters:
    ///   - limit: jobs on the page at most; fewer where their stored views exceed `maximumBytes` together, but at least one.
    ///   - after: only jobs older than this one.
    func jobs(state: JobState?, limit: Int, after: String?, maximumBytes: Int = .max) async throws -> Page {
        var conditions: [String] = []
        var arguments = StatementArguments()
        if let state {
            conditions.append("state = ?")
            arguments += [state.rawValue]
        }
        if let after {
            conditions.append("number < (SELECT number FROM job WHERE id = ?)")
            arguments += [after]
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let sql = "SELECT id, view FROM job \(filter) ORDER BY number DESC LIMIT \(limit + 1)"
        return try await readAside { [arguments] db in
            var page = Page()
            let rows = try SQL.Row.fetchCursor(db, sql: sql, arguments: arguments)
            while let row = try rows.next() {
                try Task.checkCancellation()
                let view = row["view"] as Data?
                let size = view?.count ?? 0
                if page.jobs.count == limit || (page.bytes + size > maximumBytes && !page.jobs.isEmpty) {
                    page.hasMore = true
                    break
                }
                page.bytes += size
                page.jobs.append((row["id"], view.flatMap { try? JSONCoding.decode(JobView.self, from: $0) }))
            }
            return page
        }
    }

    /// How many jobs there are, by state.
    func counts() async throws -> [String: Int] {
        try await readAside { db in
            let rows = try SQL.Row.fetchAll(db, sql: "SELECT state, COUNT(*) AS count FROM job GROUP BY state")
            return Dictionary(rows.map { ($0["state"], $0["count"]) }) { first, _ in first }
        }
    }

    /// The view of a job at its end; `nil` for another job, and for one of which only the events are stored.
    func finalView(of id: String) async throws -> JobView? {
        try await readAside { db in
            try SQL.Row.fetchOne(db, sql: "SELECT view FROM job WHERE id = ?", arguments: [id]).flatMap(Self.view)
        }
    }

    /// A job with all its events, as of one moment.
    ///
    /// - Returns: `nil` for an unknown job.
    func history(of id: String) async throws -> (row: Row, events: [StoredEvent])? {
        try await readAside { db in
            let row = try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id])
            return try row.map { (try Self.row($0), try Self.events(of: id, db)) }
        }
    }

    /// The ids of jobs that are not at their end, oldest first.
    func unfinished() throws -> [String] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT id FROM job WHERE state IN ('queued', 'running') ORDER BY number")
        }
    }

    func events(of id: String) throws -> [StoredEvent] { try read { try Self.events(of: id, $0) } }

    /// How many events a job has.
    func eventCount(of id: String) throws -> Int {
        try read { db in
            try Int.fetchOne(db, sql: "SELECT COALESCE(MAX(n) + 1, 0) FROM event WHERE job = ?", arguments: [id]) ?? 0
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
            // A message that cannot be read is missed; those after it are not.
            return rows.compactMap { try? JSONCoding.decode(StatusMessage.self, from: $0["body"] as Data) }
        }
    }

    /// The number of the newest message; 0 where there is none.
    func lastSeq() throws -> Int { try read(Self.lastSeq) }

    /// The breakers as they were kept; one that cannot be read is left out, and begins closed.
    func breakers() throws -> [String: BreakerMachine] {
        try read { db in
            var breakers: [String: BreakerMachine] = [:]
            for row in try SQL.Row.fetchAll(db, sql: "SELECT name, body FROM breaker") {
                breakers[row["name"]] = try? JSONCoding.decode(BreakerMachine.self, from: row["body"])
            }
            return breakers
        }
    }

    // MARK: - The lead's times

    /// Remembers how long the lead took for a good film, in seconds.
    func keepLeadTime(_ seconds: Double) async throws {
        try await write { db in
            try db.execute(sql: "INSERT INTO lead_time (seconds) VALUES (?)", arguments: [seconds])
            try db.execute(sql: "DELETE FROM lead_time WHERE n <= (SELECT MAX(n) FROM lead_time) - 200")
        }
    }

    /// How long the lead took for such a share of its last 200 films, in seconds.
    ///
    /// - Parameter atLeast: films that must be known.
    /// - Returns: `nil` where fewer are.
    func leadTime(quantile: Double, atLeast: Int) throws -> Double? {
        let times = try read { db in
            try Double.fetchAll(db, sql: "SELECT seconds FROM lead_time ORDER BY n DESC LIMIT 200")
        }.sorted()
        guard times.count >= max(atLeast, 1) else { return nil }
        // trusted: a share of at most 200
        return times[min(Int((Double(times.count) * quantile).rounded(.up)) - 1, times.count - 1)]
    }

    // MARK: -

    private enum SQL {
        typealias Row = GRDB.Row
    }

    /// Numbers of messages stay below: readers of JSON keep whole numbers up to here. A larger one in the store is damage.
    private static let largestNumber = 1 << 53

    /// The newest message may have been pruned; `sqlite_sequence` keeps the highest number that was ever stored.
    private static func lastSeq(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT MAX(
                    COALESCE((SELECT MAX(seq) FROM message WHERE seq < ?1), 0),
                    COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'message' AND seq < ?1), 0))
                """, arguments: [largestNumber]) ?? 0
    }

    private static func row(_ row: SQL.Row) throws -> Row {
        Row(
            number: row["number"], spec: try DamagedJob.decode(JobSpec.self, from: row["spec"], of: row["id"]),
            createdAt: moment(row["created_at"]), state: JobState(rawValue: row["state"]) ?? .error)
    }

    private static func row(key: String, fingerprint: String, _ db: Database) throws -> Row? {
        let found = try SQL.Row.fetchOne(db, sql: "SELECT * FROM job WHERE idempotency_key = ?", arguments: [key])
        guard let found else { return nil }
        guard found["fingerprint"] as String == fingerprint else {
            throw ServiceError(
                .conflict,
                "the idempotency key \"\(key)\" stands for job \(found["id"] as String) with other parameters")
        }
        return try row(found)
    }

    private static func events(of id: String, _ db: Database) throws -> [StoredEvent] {
        try SQL.Row.fetchAll(db, sql: "SELECT at, body FROM event WHERE job = ? ORDER BY n", arguments: [id]).map {
            row in
            try Task.checkCancellation()
            return StoredEvent(
                at: moment(row["at"]),
                event: try DamagedJob.decode(JobEvent.self, from: row["body"], of: id))
        }
    }

    /// A view that cannot be read is as good as none: the events tell the same.
    private static func view(_ row: SQL.Row) -> JobView? {
        (row["view"] as Data?).flatMap { try? JSONCoding.decode(JobView.self, from: $0) }
    }

    /// A column of milliseconds; the beginning of time for what is not a number, which GRDB would trap on.
    private static func moment(_ value: DatabaseValue) -> Timestamp {
        Timestamp(milliseconds: Int64.fromDatabaseValue(value) ?? 0)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await commits.write(body)
        } catch let error as DatabaseError {
            throw Self.failure(error)
        }
    }

    /// Reads on a thread of the database's own, where decoding much does not hold up other calls; ends when the task is cancelled.
    func readAside<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await database.read(body)
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
            return ServiceError(.unavailable, "the job store's disk is full; make room", cause: .diskFull)
        }
        return ServiceError(.unavailable, "the job store: \(error)")
    }
}

/// Counts status messages on from the newest one that is stored; a number that was given is never given again.
private final class MessageNumbers: Sendable {
    private let last: Mutex<Int>

    init(last: Int) {
        self.last = Mutex(last)
    }

    func next() -> Int {
        last.withLock { last in
            last += 1
            return last
        }
    }
}
