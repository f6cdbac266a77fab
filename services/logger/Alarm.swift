import Synchronization

/// One waits, others wake it; a ring while nobody waits ends the next wait at once.
final class Alarm: Sendable {
    private struct State {
        var hasRung = false
        var waits = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.hasRung = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns after a ring, or so many seconds.
    func wait(seconds: Double) async {
        let number = state.withLock { state in
            state.waits += 1
            return state.waits
        }
        let timer = Task {
            // trusted: a pause of the sink's own
            try await Task.sleep(for: .seconds(max(seconds, 0)))
            let waiter = state.withLock { state in
                guard state.waits == number else { return CheckedContinuation<Void, Never>?.none }
                defer { state.waiter = nil }
                if state.waiter == nil { state.hasRung = true }
                return state.waiter
            }
            waiter?.resume()
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                defer { state.hasRung = false }
                if !state.hasRung { state.waiter = continuation }
                return state.hasRung
            }
            if isOver { continuation.resume() }
        }
        timer.cancel()
    }
}
