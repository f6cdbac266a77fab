import GRDB
import Synchronization

/// Many writers, few commits: what comes while one transaction is on its way to the disk goes with the next one, together.
/// Each writer hears only after its transaction is safe, and fails alone when its own part fails.
final class GroupCommit: Sendable {
    private struct Part: Sendable {
        /// Writes, and gives what is to be told when the transaction is on the disk.
        let write: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
    }

    private struct Line {
        var parts: [Part] = []
        var isMoving = false
    }

    private let database: any DatabaseWriter
    private let line = Mutex(Line())

    init(_ database: any DatabaseWriter) {
        self.database = database
    }

    /// Writes in the order in which callers come.
    ///
    /// - Throws: what `body` throws, or why the transaction failed; nothing of it is kept then.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let part = Part(
                write: { db in
                    let result = try body(db)
                    return { continuation.resume(returning: result) }
                },
                fail: { continuation.resume(throwing: $0) })
            let isFirst = line.withLock { line in
                line.parts.append(part)
                defer { line.isMoving = true }
                return !line.isMoving
            }
            // Apart from its caller, whose cancelling must not stop what others wait for.
            if isFirst { Task.detached { await self.move() } }
        }
    }

    private func move() async {
        while let parts = next() {
            do {
                let ends = try await database.write { db in try parts.map { try Self.perform($0, db) } }
                for end in ends { end() }
            } catch {
                for part in parts { part.fail(error) }
            }
        }
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
