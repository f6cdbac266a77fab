import Faults
import Synchronization

/// Writes in one go what came while the last write was under way.
final class EventGroups: Sendable {
    private typealias Waiter = (events: [KeptEvent], answer: CheckedContinuation<ServiceError?, Never>)

    private struct State {
        var waiters: [Waiter] = []
        var isWriting = false
    }

    private let state = Mutex(State())
    private let write: @Sendable ([KeptEvent]) async -> ServiceError?
    private let maximumCount: Int

    /// - Parameters:
    ///   - maximumCount: of calls that share a write.
    ///   - write: -> why the events were not kept.
    init(maximumCount: Int = 4096, write: @escaping @Sendable ([KeptEvent]) async -> ServiceError?) {
        self.maximumCount = maximumCount
        self.write = write
    }

    /// Returns when the events were written, in the order of the calls.
    func append(_ events: [KeptEvent]) async throws(ServiceError) {
        let failure = await withCheckedContinuation { answer in
            let isFirst = state.withLock { state in
                state.waiters.append((events, answer))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            if isFirst { Task { await writeAll() } }
        }
        if let failure { throw failure }
    }

    private func writeAll() async {
        while true {
            let group: [Waiter] = state.withLock { state in
                let group = Array(state.waiters.prefix(maximumCount))
                state.waiters.removeFirst(group.count)
                state.isWriting = !group.isEmpty
                return group
            }
            if group.isEmpty { return }
            let failure = await write(group.flatMap(\.events))
            for waiter in group { waiter.answer.resume(returning: failure) }
        }
    }
}
