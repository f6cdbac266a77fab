// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// Group commit: writes that arrive while a transaction is being committed share the next transaction.
///
/// Each `write` returns only after its transaction is durable. A write that fails does not affect the others of its transaction.
///
/// Writers that shared a transaction tend to return at about the same time. The next transaction therefore waits for as many writers as
/// the last one had, for at most half the duration of that transaction and `maximumWait`. A single writer never waits.
///
/// ```swift
/// let commits = GroupCommit(database)
/// try await commits.write { db in try db.execute(sql: "DELETE FROM pruned WHERE job = ?", arguments: [id]) }
/// ```
final class GroupCommit: Sendable {
    private struct Write: Sendable {
        /// Performs the write, and returns a closure to call after the commit.
        let write: @Sendable (Database) throws -> @Sendable () -> Void
        /// Reports an error to the writer.
        let fail: @Sendable (any Error) -> Void
        /// Whether the writer waits for the commit, so that it may write again soon.
        var isAwaited = true
    }

    private struct Queue {
        var writes: [Write] = []
        var isCommitting = false
        /// Resumes the committer once `count` writes have arrived.
        var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
        /// Whether the maximum wait has passed.
        var isDue = false
    }

    /// The maximum wait for further writers.
    private static let maximumWait = Duration.milliseconds(4)

    private let database: any DatabaseWriter
    private let queue = Mutex(Queue())
    private let committed = Atomic(0)

    /// The number of committed transactions.
    var count: Int { committed.load(ordering: .relaxed) }

    init(_ database: any DatabaseWriter) {
        self.database = database
    }

    /// Writes with the next transaction, in the order of the calls.
    ///
    /// - Returns: the result of `body`, once it is durable.
    /// - Throws: the error of `body` or of the transaction; nothing was written then.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            add(
                Write(
                    write: { db in
                        let result = try body(db)
                        return { continuation.resume(returning: result) }
                    },
                    fail: { continuation.resume(throwing: $0) }))
        }
    }

    /// Writes with the next transaction, after all earlier calls, without waiting for it.
    ///
    /// - Parameter onFailure: called with the error of `body` or of the transaction.
    func enqueue(
        onFailure: @escaping @Sendable (any Error) -> Void, _ body: @escaping @Sendable (Database) throws -> Void
    ) {
        add(
            Write(
                write: { db in
                    try body(db)
                    return {}
                },
                fail: onFailure, isAwaited: false))
    }

    private func add(_ write: Write) {
        let (isFirst, ready) = queue.withLock { queue in
            queue.writes.append(write)
            defer { queue.isCommitting = true }
            var ready: CheckedContinuation<Void, Never>?
            if let waiting = queue.waiting, queue.writes.count >= waiting.count {
                ready = waiting.continuation
                queue.waiting = nil
            }
            return (!queue.isCommitting, ready)
        }
        ready?.resume()
        // Detached, because cancelling the first caller must not stop the writes of others.
        if isFirst { Task.detached { await self.commitAll() } }
    }

    /// Commits until the queue is empty.
    private func commitAll() async {
        while let writes = takeAll() {
            let started = ContinuousClock.now
            do {
                let ends = try await database.write { db in try writes.map { try Self.perform($0, db) } }
                committed.add(1, ordering: .relaxed)
                for end in ends { end() }
            } catch {
                for write in writes { write.fail(error) }
            }
            let writers = writes.count(where: \.isAwaited)
            if writers > 1 { await waitForWriters(writers, within: started.duration(to: .now) / 2) }
        }
    }

    /// Waits until `count` writes have arrived, or the time has passed.
    private func waitForWriters(_ count: Int, within time: Duration) async {
        queue.withLock { $0.isDue = false }
        let timer = Task {
            try? await Task.sleep(for: min(time, Self.maximumWait))
            queue.withLock { queue in
                queue.isDue = true
                defer { queue.waiting = nil }
                return queue.waiting?.continuation
            }?.resume()
        }
        await withCheckedContinuation { continuation in
            let isReady = queue.withLock { queue in
                if queue.isDue || queue.writes.count >= count { return true }
                queue.waiting = (count, continuation)
                return false
            }
            if isReady { continuation.resume() }
        }
        timer.cancel()
        // The timer must not change the queue after the next wait has begun.
        await timer.value
    }

    /// Takes all queued writes; `nil` if there are none, and the committer ends.
    private func takeAll() -> [Write]? {
        queue.withLock { queue in
            guard !queue.writes.isEmpty else {
                queue.isCommitting = false
                return nil
            }
            defer { queue.writes = [] }
            return queue.writes
        }
    }

    /// Performs a write in a savepoint, so that its failure does not affect the transaction.
    private static func perform(_ write: Write, _ db: Database) throws -> @Sendable () -> Void {
        var end: @Sendable () -> Void = {}
        do {
            try db.inSavepoint {
                end = try write.write(db)
                return .commit
            }
            return end
        } catch {
            // SQLite rolls back the whole transaction if the disk is full.
            guard db.isInsideTransaction else { throw error }
            return { write.fail(error) }
        }
    }
}
