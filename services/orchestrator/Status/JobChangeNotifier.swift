// SPDX-License-Identifier: Apache-2.0

import Contracts
import Synchronization

/// Signals watchers that new status messages are stored. Watchers read the messages from the store at their own pace, so a slow watcher
/// uses no memory, misses nothing and gets nothing twice.
final class JobChangeNotifier: Sendable {
    private struct Watcher {
        var jobID: String?
        var signal: AsyncStream<Void>.Continuation
    }

    private let watchers = Mutex<(next: Int, all: [Int: Watcher])>((0, [:]))

    /// Signals the watchers of these messages' job, and those of all jobs.
    func notify(_ messages: [StatusMessage]) {
        guard let jobID = messages.first?.jobId else { return }
        let signals = watchers.withLock { state in
            state.all.values.filter { $0.jobID == nil || $0.jobID == jobID }.map(\.signal)
        }
        for signal in signals { signal.yield() }
    }

    /// A stream with one element for each time to read new messages, starting at once. Signals that arrive together are merged.
    ///
    /// - Parameter jobID: only signals of this job; `nil` for all.
    func signals(jobID: String?) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let id = watchers.withLock { state in
                state.next += 1
                state.all[state.next] = Watcher(jobID: jobID, signal: continuation)
                return state.next
            }
            continuation.onTermination = { [weak self] _ in
                self?.watchers.withLock { $0.all[id] = nil }
            }
            continuation.yield()
        }
    }
}
