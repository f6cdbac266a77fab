// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A latching async event with one waiter: `signal()` resumes the waiter, or makes the next `wait(seconds:)` return immediately.
final class WakeupSignal: Sendable {
    private struct State {
        var isSignaled = false
        /// Identifies the current wait, so that the timer of an earlier one has no effect.
        var waitCount = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Resumes the waiter, or latches the signal for the next wait.
    func signal() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isSignaled = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits for a signal, for at most `seconds`.
    func wait(seconds: Double) async {
        let waitNumber = state.withLock { state in
            state.waitCount += 1
            return state.waitCount
        }
        let timer = Task {
            // trusted: a pause of the sink's own
            try await Task.sleep(for: .seconds(max(seconds, 0)))
            let waiter = state.withLock { state in
                guard state.waitCount == waitNumber else { return CheckedContinuation<Void, Never>?.none }
                defer { state.waiter = nil }
                if state.waiter == nil { state.isSignaled = true }
                return state.waiter
            }
            waiter?.resume()
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                defer { state.isSignaled = false }
                if !state.isSignaled { state.waiter = continuation }
                return state.isSignaled
            }
            if isOver { continuation.resume() }
        }
        timer.cancel()
    }
}
