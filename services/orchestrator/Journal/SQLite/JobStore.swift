// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import GRDB
import JSON
import ServicePool

/// The job journal in SQLite, for the orchestrator of one machine.
///
/// The store uses a write-ahead log with `synchronous=FULL`: every commit ends with an `fsync`, so a stored event survives a power loss.
///
/// ```swift
/// let store = try JobStore(path: "/var/lib/understudy/orchestrator/jobs.sqlite")
/// let messages = try await store.append(entry)
/// ```
struct JobStore: JobJournal, Sendable {
    let database: DatabasePool
    let commits: GroupCommit
    /// Assigns the `seq` of status messages.
    private let sequence: StatusSequence
    /// Prevents a second process from opening the store.
    private let lock: InstanceLock
    /// The message about an unusable file that was set aside when the store was opened; `nil` if there was none.
    let setAside: String?

    /// Opens the store, and creates or migrates it if necessary.
    ///
    /// - Throws: `unavailable` if the file cannot be opened; `conflict` if another orchestrator uses it or a newer version wrote it.
    init(path: String) throws(ServiceError) {
        do {
            let folder = DurableFile.folder(of: path)
            try PrivateFolder.make(folder)
            guard let lock = try InstanceLock(path: "\(path).lock", timeout: .zero) else {
                throw ServiceError(
                    .conflict,
                    "another orchestrator uses this job store (\(path).lock is locked): "
                        + "set UNDERSTUDY_STATE_DIR to another directory")
            }
            self.lock = lock
            setAside = try StoreFile.prepare(path, at: .now)
            database = try StoreFile.open(path)
            try StoreSchema.migrations.migrate(database)
            // The lock was free, so the previous holder has exited: its jobs can be claimed before their leases expire.
            try database.write { db in try db.execute(sql: "UPDATE lease SET holder = NULL WHERE holder IS NOT NULL") }
            sequence = StatusSequence(last: try database.read(Self.lastSeq))
            commits = GroupCommit(database)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(
                .unavailable,
                "the job store \(path) cannot be opened: \(error); to start with an empty store, move the file away",
                retryable: false)
        }
    }

    // MARK: - Writing

    func add(
        _ spec: JobSpec, at now: Timestamp, key: String?, fingerprint: String, for holder: Leaseholder
    ) async throws -> AddedJob {
        let body = try SpecFormat.encode(spec)
        return try await write { db in
            if let key, let row = try Self.row(key: key, fingerprint: fingerprint, db) { return .existing(row) }
            try db.execute(
                sql: """
                    INSERT INTO job (id, created_at, state, spec, idempotency_key, fingerprint) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [spec.jobID, now.milliseconds, JobState.queued.rawValue, body, key, fingerprint])
            let row = JobRow(number: db.lastInsertedRowID, spec: spec, createdAt: now, state: .queued)
            return .new(row, try Self.take(spec.jobID, for: holder, at: now, db))
        }
    }

    func append(_ entry: JournalEntry) async throws -> [StatusMessage] {
        let bodies = try entry.events.map(EventFormat.encode)
        let view = try entry.view.map { try JSONCoding.encode($0) }
        let result = try entry.result.map(StoredResult.init)
        return try await write { [sequence] db in
            let id = entry.spec.jobID
            guard try Self.fence(of: id, db) == entry.fence else { throw LeaseLost(job: id) }
            let insert = try db.cachedStatement(
                sql: "INSERT OR IGNORE INTO event (job, n, at, body) VALUES (?, ?, ?, ?)")
            for (index, body) in bodies.enumerated() {
                try insert.execute(arguments: [id, entry.number + index, entry.at.milliseconds, body])
                if db.changesCount == 0 { return [] }
            }
            if let state = entry.state {
                try db.cachedStatement(sql: "UPDATE job SET state = ?, view = ? WHERE id = ?")
                    .execute(arguments: [state.rawValue, view, id])
                try Self.store(result, of: id, db)
                if state.isTerminal { try Self.endLease(of: id, db) }
            }
            let insertMessage = try db.cachedStatement(sql: "INSERT INTO message (seq, job, body) VALUES (?, ?, ?)")
            return try entry.drafts.map { draft in
                let message = draft.message(of: entry.spec, seq: sequence.next(), at: entry.at)
                try insertMessage.execute(arguments: [message.seq, id, try JSONCoding.encode(message)])
                return message
            }
        }
    }

    func storeResult(_ view: JobView, _ result: JobResult, of job: String, eventCount: Int) async throws {
        let body = try JSONCoding.encode(view)
        let result = try StoredResult(result)
        try await write { db in
            guard try Self.eventCount(of: job, db) == eventCount else { return }
            try db.execute(
                sql: "UPDATE job SET view = ? WHERE id = ? AND state NOT IN ('queued', 'running')",
                arguments: [body, job])
            if db.changesCount > 0 { try Self.store(result, of: job, db) }
        }
    }

    /// The encoded columns of a result.
    private struct StoredResult: Sendable {
        let receipt: Data
        let guidance: Data?

        init(_ result: JobResult) throws {
            receipt = PackedText.pack(try JSONCoding.encode(result.receipt))
            guidance = try result.guidance.map { try JSONCoding.encode($0) }
        }
    }

    /// Stores a job's result; removes it if `nil`, because the job is running again.
    private static func store(_ result: StoredResult?, of job: String, _ db: Database) throws {
        if let result {
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO result (job, receipt, guidance) VALUES (?, ?, ?)")
                .execute(arguments: [job, result.receipt, result.guidance])
        } else {
            try db.cachedStatement(sql: "DELETE FROM result WHERE job = ?").execute(arguments: [job])
        }
    }

    // MARK: - Transactions

    /// Writes in a group commit. Database errors are thrown as `ServiceError`.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await commits.write(body)
        } catch let error as DatabaseError {
            throw Self.failure(error)
        }
    }

    /// Reads on a thread of the database, so that decoding large results does not block other calls. Ends if the task is cancelled.
    func readConcurrently<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await database.read(body)
        } catch let error as DatabaseError {
            throw Self.failure(error)
        }
    }

    /// Reads on the calling thread, for small results.
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try database.read(body)
        } catch let error as DatabaseError {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: DatabaseError) -> ServiceError {
        if error.resultCode == .SQLITE_FULL {
            return ServiceError(
                .unavailable, "the disk of the job store is full: free some space and try again", cause: .diskFull)
        }
        return ServiceError(.unavailable, "the job store: \(error)")
    }
}
