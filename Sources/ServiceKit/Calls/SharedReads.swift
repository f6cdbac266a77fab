// SPDX-License-Identifier: Apache-2.0

/// Coalesces concurrent reads of the same key into one.
///
/// A read never starts before the request it serves, so that callers see their own earlier writes: callers that arrive during a read share
/// the next one. A read that no caller waits for any more is skipped or cancelled.
///
/// ```swift
/// let snapshots = SharedReads<String, Snapshot>(limit: 2) { id in try await makeSnapshot(of: id) }
/// let snapshot = try await snapshots.value(for: "job-1")
/// ```
package actor SharedReads<Key: Hashable & Sendable, Value: Sendable> {
    private typealias Callers = [Int: CheckedContinuation<Value, any Error>]

    private struct KeyState {
        /// The callers of the read in progress.
        var served: Callers = [:]
        /// The callers of the next read.
        var waiting: Callers = [:]
        var currentRead: Task<Void, Never>?
    }

    private let limit: Int
    private let read: @Sendable (Key) async throws -> Value
    private var states: [Key: KeyState] = [:]
    /// Keys whose next read has not started.
    private var queue: [Key] = []
    private var running = 0
    private var lastCallerID = 0
    /// The number of reads started so far.
    package private(set) var count = 0

    /// Creates an empty instance.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of concurrent reads.
    ///   - read: reads the value of a key; must end promptly when it is cancelled.
    package init(limit: Int, read: @escaping @Sendable (Key) async throws -> Value) {
        self.limit = limit
        self.read = read
    }

    /// The number of callers whose read has not started.
    var waitingCount: Int { states.values.reduce(0) { $0 + $1.waiting.count } }

    /// Reads the current value of a key.
    ///
    /// - Throws: what the read throws; `CancellationError`.
    package func value(for key: Key) async throws -> Value {
        lastCallerID += 1
        let caller = lastCallerID
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
        let isNew = states[key] == nil
        states[key, default: KeyState()].waiting[caller] = continuation
        // An existing key is queued already, or will be when its read ends.
        if isNew { queue.append(key) }
        startReads()
    }

    private func leave(_ key: Key, _ caller: Int) {
        if let continuation = states[key]?.waiting.removeValue(forKey: caller) {
            continuation.resume(throwing: CancellationError())
        } else if let continuation = states[key]?.served.removeValue(forKey: caller) {
            continuation.resume(throwing: CancellationError())
            if states[key]?.served.isEmpty == true { states[key]?.currentRead?.cancel() }
        }
    }

    private func startReads() {
        while running < limit, !queue.isEmpty {
            let key = queue.removeFirst()
            guard var state = states[key], !state.waiting.isEmpty else {
                states[key] = nil
                continue
            }
            (state.served, state.waiting) = (state.waiting, [:])
            running += 1
            count += 1
            // Detached, since the deadline of the first caller does not apply to the others.
            state.currentRead = Task.detached { [weak self, read] in
                let result: Result<Value, any Error>
                do {
                    result = .success(try await read(key))
                } catch {
                    result = .failure(error)
                }
                await self?.finish(key, result)
            }
            states[key] = state
        }
    }

    private func finish(_ key: Key, _ result: Result<Value, any Error>) {
        running -= 1
        for continuation in (states[key]?.served ?? [:]).values { continuation.resume(with: result) }
        states[key]?.served = [:]
        states[key]?.currentRead = nil
        // The state is retained until the key's turn, since its callers may leave meanwhile.
        if states[key]?.waiting.isEmpty == true { states[key] = nil } else { queue.append(key) }
        startReads()
    }
}
