/// Reads values for callers that ask for the same one at the same moment: one reading answers them all.
///
/// A caller never gets a value whose reading began before it asked, so it sees its own earlier writes; callers that come during a
/// reading share the next one. A reading that no caller waits for any more is not begun, or is cancelled.
///
/// ```swift
/// let snapshots = SharedReads<String, Snapshot>(limit: 2) { id in try await makeSnapshot(of: id) }
/// let snapshot = try await snapshots.value(for: "job-1")
/// ```
package actor SharedReads<Key: Hashable & Sendable, Value: Sendable> {
    private typealias Callers = [Int: CheckedContinuation<Value, any Error>]

    private struct Line {
        /// Callers of the reading that is under way.
        var served: Callers = [:]
        /// Callers of the next one.
        var waiting: Callers = [:]
        var reading: Task<Void, Never>?
    }

    private let limit: Int
    private let read: @Sendable (Key) async throws -> Value
    private var lines: [Key: Line] = [:]
    /// Keys whose next reading has not begun.
    private var queue: [Key] = []
    private var running = 0
    private var nextCaller = 0
    /// Readings that were begun so far.
    package private(set) var count = 0

    /// - Parameters:
    ///   - limit: readings at a time.
    ///   - read: makes the value of a key; must end soon when it is cancelled.
    package init(limit: Int, read: @escaping @Sendable (Key) async throws -> Value) {
        self.limit = limit
        self.read = read
    }

    /// Callers whose reading has not begun.
    var waitingCount: Int { lines.values.reduce(0) { $0 + $1.waiting.count } }

    /// The value of a key as it is now.
    ///
    /// - Throws: what reading throws; `CancellationError`.
    package func value(for key: Key) async throws -> Value {
        nextCaller += 1
        let caller = nextCaller
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                enter(key, caller, continuation)
            }
        } onCancel: {
            Task { await self.leave(key, caller) }
        }
    }

    private func enter(_ key: Key, _ caller: Int, _ continuation: CheckedContinuation<Value, any Error>) {
        let line = lines[key]
        lines[key, default: Line()].waiting[caller] = continuation
        // A line with callers that wait is in the queue already, or comes into it when its reading ends.
        if line == nil { queue.append(key) }
        beginNext()
    }

    private func leave(_ key: Key, _ caller: Int) {
        if let continuation = lines[key]?.waiting.removeValue(forKey: caller) {
            continuation.resume(throwing: CancellationError())
        } else if let continuation = lines[key]?.served.removeValue(forKey: caller) {
            continuation.resume(throwing: CancellationError())
            if lines[key]?.served.isEmpty == true { lines[key]?.reading?.cancel() }
        }
    }

    private func beginNext() {
        while running < limit, !queue.isEmpty {
            let key = queue.removeFirst()
            guard var line = lines[key], !line.waiting.isEmpty else {
                lines[key] = nil
                continue
            }
            (line.served, line.waiting) = (line.waiting, [:])
            running += 1
            count += 1
            // Detached: the deadline of the caller that comes first is not that of the others.
            line.reading = Task.detached { [weak self, read] in
                let result: Result<Value, any Error>
                do {
                    result = .success(try await read(key))
                } catch {
                    result = .failure(error)
                }
                await self?.finish(key, result)
            }
            lines[key] = line
        }
    }

    private func finish(_ key: Key, _ result: Result<Value, any Error>) {
        running -= 1
        for continuation in (lines[key]?.served ?? [:]).values { continuation.resume(with: result) }
        lines[key]?.served = [:]
        lines[key]?.reading = nil
        // The line stays known until its turn: its callers may leave meanwhile.
        if lines[key]?.waiting.isEmpty == true { lines[key] = nil } else { queue.append(key) }
        beginNext()
    }
}
