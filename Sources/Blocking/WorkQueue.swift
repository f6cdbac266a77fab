// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// A FIFO queue of work and the threads that run it.
final class WorkQueue: Sendable {
    typealias Ticket = UInt64
    /// Called exactly once: with `false` on a thread of the queue, or with `true` by the caller of `drop(_:)`.
    typealias Work = @Sendable (_ isDropped: Bool) -> Void

    private struct State {
        var waiting: [(ticket: Ticket, work: Work)] = []
        var threads = 0
        /// Threads that are waiting for work.
        var idle = 0
        var isStopped = false
    }

    private let limit: Int
    private let tickets = Atomic<Ticket>(0)
    private let state = Mutex(State())
    /// Signalled once for each work item that is added and for each thread that must end.
    private let signals = DispatchSemaphore(value: 0)

    init(threads: Int) {
        limit = threads
    }

    func nextTicket() -> Ticket { tickets.wrappingAdd(1, ordering: .relaxed).newValue }

    func add(_ ticket: Ticket, _ work: @escaping Work) {
        let needsThread = state.withLock { state in
            state.waiting.append((ticket, work))
            guard state.waiting.count > state.idle, state.threads < limit else { return false }
            state.threads += 1
            return true
        }
        signals.signal()
        if needsThread, !start() { runWithoutThread() }
    }

    /// Removes work that no thread has started.
    func drop(_ ticket: Ticket) {
        let dropped = state.withLock { state in
            state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0).work }
        }
        dropped?(true)
    }

    /// Ends the threads after the queued work is done.
    func stop() {
        let threads = state.withLock { state in
            state.isStopped = true
            return state.threads
        }
        for _ in 0..<threads { signals.signal() }
    }

    private func start() -> Bool {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<WorkQueue>.fromOpaque(context).takeRetainedValue().serve()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    /// Runs the queued work on the calling thread if there is no thread at all.
    private func runWithoutThread() {
        let remaining = state.withLock { state -> [Work] in
            state.threads -= 1
            guard state.threads == 0 else { return [] }
            defer { state.waiting.removeAll() }
            return state.waiting.map(\.work)
        }
        for work in remaining { work(false) }
    }

    private func serve() {
        while let work = next() { work(false) }
    }

    /// Waits for the next work item; `nil` if the thread must end.
    private func next() -> Work? {
        while true {
            state.withLock { $0.idle += 1 }
            signals.wait()
            let (work, mustEnd) = state.withLock { state -> (Work?, Bool) in
                state.idle -= 1
                guard state.waiting.isEmpty else { return (state.waiting.removeFirst().work, false) }
                // The work of this signal was dropped, or the queue has stopped.
                if state.isStopped { state.threads -= 1 }
                return (nil, state.isStopped)
            }
            if let work { return work }
            if mustEnd { return nil }
        }
    }
}
