// SPDX-License-Identifier: Apache-2.0

import Faults
import Synchronization

/// Group commit: events that arrive during a write are written together by the next one.
final class GroupCommitWriter: Sendable {
    private typealias PendingAppend = (
        events: [SpooledEvent], continuation: CheckedContinuation<ServiceError?, Never>
    )

    private struct State {
        var pending: [PendingAppend] = []
        var isWriting = false
    }

    private let state = Mutex(State())
    private let write: @Sendable ([SpooledEvent]) async -> ServiceError?
    private let maximumCount: Int

    /// - Parameters:
    ///   - maximumCount: maximum number of calls that share a write.
    ///   - write: writes events; returns why they were not written, or `nil`.
    init(maximumCount: Int = 4096, write: @escaping @Sendable ([SpooledEvent]) async -> ServiceError?) {
        self.maximumCount = maximumCount
        self.write = write
    }

    /// Writes events in the order of the calls, and returns when they are written.
    ///
    /// - Throws: why the write failed.
    func append(_ events: [SpooledEvent]) async throws(ServiceError) {
        let failure = await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                state.pending.append((events, continuation))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            if isFirst { Task { await writeAll() } }
        }
        if let failure { throw failure }
    }

    private func writeAll() async {
        while true {
            let group: [PendingAppend] = state.withLock { state in
                let group = Array(state.pending.prefix(maximumCount))
                state.pending.removeFirst(group.count)
                state.isWriting = !group.isEmpty
                return group
            }
            if group.isEmpty { return }
            let failure = await write(group.flatMap(\.events))
            for append in group { append.continuation.resume(returning: failure) }
        }
    }
}
