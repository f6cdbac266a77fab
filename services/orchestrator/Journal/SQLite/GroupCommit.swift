import GRDB
import Synchronization

/// Many writers, few commits: what comes while one transaction is on its way to the disk goes with the next one, together.
/// Each writer hears only after its transaction is safe, and fails alone when its own part fails.
///
/// Writers that were served together come back at about the same time: the next transaction waits a moment for as many of them as
/// the last one had, never longer than half of what that one took. A single writer never waits.
final class GroupCommit: Sendable {
    private struct Part: Sendable {
        /// Writes, and gives what is to be told when the transaction is on the disk.
        let write: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
        /// Whether its writer waits, and will come again.
        var isAwaited = true
    }

    private struct Line {
        var parts: [Part] = []
        var isMoving = false
        /// Wakes the committer once so many parts are there.
        var gathering: (count: Int, wake: CheckedContinuation<Void, Never>)?
        /// Whether the committer has waited long enough.
        var isDue = false
    }

    /// The longest wait for more writers.
    private static let patience = Duration.milliseconds(4)

    private let database: any DatabaseWriter
    private let line = Mutex(Line())
    private let committed = Atomic(0)

    /// Transactions so far.
    var count: Int { committed.load(ordering: .relaxed) }

    init(_ database: any DatabaseWriter) {
        self.database = database
    }

    /// Writes in the order in which callers come.
    ///
    /// - Throws: what `body` throws, or why the transaction failed; nothing of it is kept then.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            add(
                Part(
                    write: { db in
                        let result = try body(db)
                        return { continuation.resume(returning: result) }
                    },
                    fail: { continuation.resume(throwing: $0) }))
        }
    }

    /// Writes with the next transaction, after everything that was given before; nobody waits for it.
    ///
    /// - Parameter failed: is called with what `body` throws, or why the transaction failed.
    func enqueue(
        failed: @escaping @Sendable (any Error) -> Void, _ body: @escaping @Sendable (Database) throws -> Void
    ) {
        add(
            Part(
                write: { db in
                    try body(db)
                    return {}
                },
                fail: failed, isAwaited: false))
    }

    private func add(_ part: Part) {
        let (isFirst, ready) = line.withLock { line in
            line.parts.append(part)
            defer { line.isMoving = true }
            var ready: CheckedContinuation<Void, Never>?
            if let gathering = line.gathering, line.parts.count >= gathering.count {
                ready = gathering.wake
                line.gathering = nil
            }
            return (!line.isMoving, ready)
        }
        ready?.resume()
        // Apart from its caller, whose cancelling must not stop what others wait for.
        if isFirst { Task.detached { await self.move() } }
    }

    private func move() async {
        while let parts = next() {
            let started = ContinuousClock.now
            do {
                let ends = try await database.write { db in try parts.map { try Self.perform($0, db) } }
                committed.add(1, ordering: .relaxed)
                for end in ends { end() }
            } catch {
                for part in parts { part.fail(error) }
            }
            let writers = parts.count(where: \.isAwaited)
            if writers > 1 { await gather(writers, within: started.duration(to: .now) / 2) }
        }
    }

    /// Waits until so many parts are there, or the time has passed.
    private func gather(_ count: Int, within time: Duration) async {
        line.withLock { $0.isDue = false }
        let clock = Task {
            try? await Task.sleep(for: min(time, Self.patience))
            line.withLock { line in
                line.isDue = true
                defer { line.gathering = nil }
                return line.gathering?.wake
            }?.resume()
        }
        await withCheckedContinuation { continuation in
            let isReady = line.withLock { line in
                if line.isDue || line.parts.count >= count { return true }
                line.gathering = (count, continuation)
                return false
            }
            if isReady { continuation.resume() }
        }
        clock.cancel()
        // The clock is done with the line before the next one looks at it.
        await clock.value
    }

    private func next() -> [Part]? {
        line.withLock { line in
            guard !line.parts.isEmpty else {
                line.isMoving = false
                return nil
            }
            defer { line.parts = [] }
            return line.parts
        }
    }

    private static func perform(_ part: Part, _ db: Database) throws -> @Sendable () -> Void {
        var end: @Sendable () -> Void = {}
        do {
            try db.inSavepoint {
                end = try part.write(db)
                return .commit
            }
            return end
        } catch {
            // A full disk takes the whole transaction back: nobody's part is in it any more.
            guard db.isInsideTransaction else { throw error }
            return { part.fail(error) }
        }
    }
}
