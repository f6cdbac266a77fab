import Synchronization

/// One piece of work that several tasks wait for. A waiter that is cancelled leaves at once; the work is cancelled when the last waiter
/// has left.
final class SharedTask<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var waiters: [Int: CheckedContinuation<Value, any Error>] = [:]
        /// Waiters that were cancelled before they began to wait.
        var cancelled: Set<Int> = []
        var nextID = 0
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    init(_ work: @escaping @Sendable () async throws -> Value) {
        let task = Task {
            do {
                self.end(.success(try await work()))
            } catch {
                self.end(.failure(error))
            }
        }
        state.withLock { $0.task = task }
    }

    /// Waits for the work.
    ///
    /// - Throws: what the work throws, or `CancellationError`.
    func value() async throws -> Value {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if let result = state.result { return result }
                    state.waiters[id] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            leave(id)
        }
    }

    private func leave(_ id: Int) {
        let (waiter, abandoned) = state.withLock { state in
            guard let waiter = state.waiters.removeValue(forKey: id) else {
                state.cancelled.insert(id)
                return (nil as CheckedContinuation<Value, any Error>?, nil as Task<Void, Never>?)
            }
            return (waiter, state.waiters.isEmpty ? state.task : nil)
        }
        waiter?.resume(throwing: CancellationError())
        abandoned?.cancel()
    }

    private func end(_ result: Result<Value, any Error>) {
        let waiters = state.withLock { state in
            state.result = result
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
