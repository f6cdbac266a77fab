// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Logging
import NIOCore
import ServiceKit
import ServiceLifecycle
import ServicePool

/// Forwards the orchestrator's status messages to all watchers, over one connection to the orchestrator.
///
/// It stores the newest messages, so that a watcher that names the last `seq` it saw receives the rest without gap or repetition, also
/// after a restart of the dashboard or the orchestrator. Live messages are throttled to five per second for each agent of a job; terminal
/// messages are never dropped, and are sent at once to the watchers of their job.
///
/// Nothing is queued for a watcher that reads slowly: it continues from its position in the history. One that reads nothing is
/// disconnected.
actor StatusBroadcaster: Service {
    /// Messages that are stored.
    private static let historySize = 10_000
    /// The shortest time between two flushes of a throttle.
    private static let throttleInterval = Duration.milliseconds(200)
    /// Bytes that are sent at once to a watcher that is behind.
    private static let batchSize = 65_536
    /// Throttles beyond which idle ones are removed.
    private static let maximumThrottles = 1024

    /// A status message.
    struct Message: Sendable {
        let seq: Int
        /// The job's ID.
        let job: String
        let agent: String
        /// Whether it is the last message of its agent or job.
        let isTerminal: Bool
        /// The JSON that watchers receive.
        let text: ByteBuffer
    }

    /// The throttle of the watchers of one job, or of those of all jobs.
    private struct Throttle {
        var lastFlush = ContinuousClock.now - StatusBroadcaster.throttleInterval
        var pending: [Message] = []
        var flushTask: Task<Void, Never>?
    }

    private struct Watcher {
        /// The job's ID; `nil` for all jobs.
        let job: String?
        let channel: WebSocketChannel
        /// The `seq` of the last message that was sent to it.
        var seq: Int
        /// Whether it has its snapshot; messages follow only then.
        var hasSnapshot = false
        /// Whether it is being sent stored messages, and live ones are left out.
        var isCatchingUp = false
        /// Sends the snapshot.
        var snapshotTask: Task<Void, Never>?
    }

    /// A snapshot as it is sent to all watchers that requested it.
    private struct EncodedSnapshot {
        var seq: Int
        var text: ByteBuffer
    }

    private let orchestrator: OrchestratorLink
    private let snapshots: SharedReads<String?, EncodedSnapshot>
    private let stallTimeout: Duration
    private let logger: Logger
    /// The newest messages, by rising `seq`.
    private var history: [Message] = []
    /// The newest `seq` of the orchestrator.
    private var seq: Int?
    private var isOrchestratorAway = true
    /// By job; `nil` for the watchers of all jobs.
    private var throttles: [String?: Throttle] = [:]
    private var watchers: [Int: Watcher] = [:]
    private var nextID = 0

    /// - Parameter stallTimeout: how long a watcher may read nothing before it is disconnected.
    init(_ orchestrator: OrchestratorLink, stallTimeout: Duration, logger: Logger) {
        self.orchestrator = orchestrator
        snapshots = SharedReads(limit: 2) { job in
            let snapshot = try await orchestrator.snapshot(of: job)
            return EncodedSnapshot(seq: snapshot.seq, text: try Self.text(snapshot))
        }
        self.stallTimeout = stallTimeout
        self.logger = logger
    }

    /// The number of connected watchers.
    var count: Int { watchers.count }

    /// The number of snapshots that were requested from the orchestrator.
    var snapshotCount: Int { get async { await snapshots.count } }

    // MARK: - Watchers

    /// Adds a watcher: it receives a snapshot, then the messages after the snapshot or after `seq`.
    ///
    /// - Parameters:
    ///   - job: the job's ID; `nil` for all jobs.
    ///   - seq: the last message that the watcher has seen; `nil` for a new one.
    /// - Returns: the ID for `leave`.
    func join(job: String?, after seq: Int?, _ channel: WebSocketChannel) -> Int {
        nextID += 1
        let id = nextID
        watchers[id] = Watcher(job: job, channel: channel, seq: seq ?? .max)
        requestSnapshot(for: id, resumes: seq != nil)
        return id
    }

    /// Removes a watcher.
    func leave(_ id: Int) {
        watchers.removeValue(forKey: id)?.snapshotTask?.cancel()
    }

    /// Sends a snapshot and the messages after it.
    ///
    /// - Parameter resumes: whether the watcher has seen messages: those after its own `seq` follow then.
    private func requestSnapshot(for id: Int, resumes: Bool) {
        // No message may overtake the snapshot.
        watchers[id]?.hasSnapshot = false
        watchers[id]?.snapshotTask?.cancel()
        watchers[id]?.snapshotTask = Task { await sendSnapshot(to: id, resumes: resumes) }
    }

    private func sendSnapshot(to id: Int, resumes: Bool) async {
        guard let job = watchers[id].map(\.job) else { return }
        var hasReportedAway = false
        while !Task.isCancelled {
            do {
                let snapshot = try await snapshots.value(for: job)
                guard !Task.isCancelled, var watcher = watchers[id] else { return }
                watcher.channel.send(snapshot.text)
                if !resumes { watcher.seq = snapshot.seq }
                watcher.hasSnapshot = true
                watchers[id] = watcher
                return catchUp(id)
            } catch {
                guard !Task.isCancelled, let watcher = watchers[id] else { return }
                guard ServiceError(wrapping: error).kind != .notFound else {
                    return watcher.channel.close(.unknownJob)
                }
                // The snapshot follows when the orchestrator is back.
                if !hasReportedAway { watcher.channel.send(Self.away) }
                hasReportedAway = true
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Sends the stored messages that a watcher has not received, as fast as it reads, including those that arrive meanwhile.
    private func catchUp(_ id: Int) {
        watchers[id]?.isCatchingUp = true
        Task {
            while let watcher = watchers[id] {
                let batch = nextBatch(for: watcher)
                guard let last = batch.last else {
                    watchers[id]?.isCatchingUp = false
                    return
                }
                watchers[id]?.seq = last.seq
                guard await watcher.channel.send(batch.map(\.text), timeout: stallTimeout) else {
                    logger.info("disconnected a watcher that reads nothing")
                    watchers[id] = nil
                    return
                }
                // The history may have moved on past its position: the client reconnects and gets a snapshot.
                guard history.count < Self.historySize || history[0].seq <= last.seq + 1 else {
                    watchers[id] = nil
                    return watcher.channel.close(.behindHistory)
                }
            }
        }
    }

    /// The next messages for a watcher, at most `batchSize` bytes and one message.
    private func nextBatch(for watcher: Watcher) -> [Message] {
        var low = 0
        var high = history.count
        while low < high {
            let middle = (low + high) / 2
            if history[middle].seq <= watcher.seq { low = middle + 1 } else { high = middle }
        }
        var batch: [Message] = []
        var bytes = 0
        for message in history[low...] where watcher.job == nil || watcher.job == message.job {
            batch.append(message)
            bytes += message.text.readableBytes
            if bytes >= Self.batchSize { break }
        }
        return batch
    }

    private func send(_ message: Message, to id: Int) {
        guard let watcher = watchers[id], !watcher.isCatchingUp else { return }
        guard watcher.channel.isWritable else { return catchUp(id) }
        watcher.channel.send(message.text)
        watchers[id]?.seq = message.seq
    }

    // MARK: - The orchestrator

    /// Receives messages, and reconnects, until the task is cancelled.
    func run() async throws {
        while true {
            do {
                try await receive()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.debug("the orchestrator is not responding: \(ServiceError(wrapping: error).message)")
            }
            if !isOrchestratorAway {
                isOrchestratorAway = true
                for watcher in watchers.values { watcher.channel.send(Self.away) }
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func receive() async throws {
        let start = if let seq { seq } else { max(0, try await orchestrator.newestSeq() - Self.historySize) }
        let messages = try await orchestrator.messages(after: start)
        seq = max(seq ?? 0, start)
        if isOrchestratorAway {
            isOrchestratorAway = false
            for (id, watcher) in watchers { requestSnapshot(for: id, resumes: watcher.seq != .max) }
        }
        for try await message in messages { add(message) }
    }

    private func add(_ message: Message) {
        guard message.seq > seq ?? 0 else { return }
        seq = message.seq
        history.append(message)
        // Trimmed in steps: removing the first element moves all others.
        if history.count > Self.historySize + Self.historySize / 4 {
            history.removeFirst(history.count - Self.historySize)
        }
        guard !watchers.isEmpty else { return }
        enqueue(message, for: message.job)
        // Watchers of all jobs receive rising numbers, so no job's messages overtake those of another.
        enqueue(message, for: nil)
    }

    private func enqueue(_ message: Message, for job: String?) {
        var throttle = throttles[job] ?? Throttle()
        if !message.isTerminal {
            throttle.pending.removeAll { $0.agent == message.agent && $0.job == message.job && !$0.isTerminal }
        }
        throttle.pending.append(message)
        throttles[job] = throttle
        let due = throttle.lastFlush + Self.throttleInterval
        if due <= .now || (message.isTerminal && job != nil) {
            flush(job)
        } else if throttle.flushTask == nil {
            throttles[job]?.flushTask = Task { [weak self] in
                try? await Task.sleep(until: due)
                await self?.flush(job)
            }
        }
    }

    private func flush(_ job: String?) {
        guard let throttle = throttles[job] else { return }
        throttle.flushTask?.cancel()
        for message in throttle.pending {
            for (id, watcher) in watchers where watcher.hasSnapshot && watcher.job == job && watcher.seq < message.seq {
                send(message, to: id)
            }
        }
        throttles[job] = Throttle(lastFlush: .now)
        if throttles.count > Self.maximumThrottles {
            throttles = throttles.filter {
                $0.value.lastFlush + Self.throttleInterval > .now || $0.value.flushTask != nil
            }
        }
    }

    // MARK: - Texts

    private static let away = ByteBuffer(string: #"{"type":"away"}"#)

    private struct Snapshot: Encodable {
        let type = "snapshot"
        var seq: Int
        var jobs: [JobView]
    }

    private static func text(_ snapshot: WatchSnapshot) throws -> ByteBuffer {
        ByteBuffer(bytes: try JSONCoding.encode(Snapshot(seq: snapshot.seq, jobs: snapshot.jobs)))
    }
}
