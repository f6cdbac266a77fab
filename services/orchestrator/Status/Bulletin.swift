import Contracts
import Synchronization

/// Tells those who watch that there is something new. What it is they read in the store, each at its own pace: a slow watcher
/// costs nothing, misses nothing, and gets nothing twice.
final class Bulletin: Sendable {
    private struct Reader {
        var jobID: String?
        var signal: AsyncStream<Void>.Continuation
    }

    private let readers = Mutex<(next: Int, all: [Int: Reader])>((0, [:]))

    func post(_ messages: [StatusMessage]) {
        guard let jobID = messages.first?.jobId else { return }
        let concerned = readers.withLock { state in
            state.all.values.filter { $0.jobID == nil || $0.jobID == jobID }.map(\.signal)
        }
        for signal in concerned { signal.yield() }
    }

    /// One element for each moment to look again; moments that come together are one.
    ///
    /// - Parameter jobID: only messages of this job.
    func signals(jobID: String?) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let id = readers.withLock { state in
                state.next += 1
                state.all[state.next] = Reader(jobID: jobID, signal: continuation)
                return state.next
            }
            continuation.onTermination = { [weak self] _ in
                self?.readers.withLock { $0.all[id] = nil }
            }
            continuation.yield()
        }
    }
}
