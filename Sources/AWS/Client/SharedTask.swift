// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A task whose result several tasks await. A cancelled waiter returns at once; the task is cancelled when its last waiter is.
final class SharedTask<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var waiters: [Int: CheckedContinuation<Value, any Error>] = [:]
        /// Ids of callers that want the result, from their call on: also those that do not wait yet.
        var interested: Set<Int> = []
        var nextID = 0
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Starts the task.
    init(_ work: @escaping @Sendable () async throws -> Value) {
        let task = Task {
            do {
                self.finish(.success(try await work()))
            } catch {
                self.finish(.failure(error))
            }
        }
        state.withLock { $0.task = task }
    }

    /// Waits for the result.
    ///
    /// - Throws: the error of the task; `CancellationError` if the waiting task is cancelled.
    func value() async throws -> Value {
        let id = state.withLock { state in
            state.nextID += 1
            state.interested.insert(state.nextID)
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLock { state in
                    // Cancelled before it waits.
                    guard state.interested.contains(id) else { return .failure(CancellationError()) }
                    if let result = state.result { return result }
                    state.waiters[id] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            cancelWaiter(id)
        }
    }

    /// The number of callers that wait.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    private func cancelWaiter(_ id: Int) {
        let (waiter, abandoned) = state.withLock { state in
            state.interested.remove(id)
            return (state.waiters.removeValue(forKey: id), state.interested.isEmpty ? state.task : nil)
        }
        waiter?.resume(throwing: CancellationError())
        abandoned?.cancel()
    }

    private func finish(_ result: Result<Value, any Error>) {
        let waiters = state.withLock { state in
            state.result = result
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
