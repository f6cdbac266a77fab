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

/// Brings the status messages of the orchestrator to all who watch: one connection there, whatever the number of browsers here.
///
/// The newest messages are kept, so that a page that says what it saw last gets the rest without gap or repeat, also after this service or
/// the orchestrator was restarted. Live messages go out at most five times a second for each agent of a job; the last of a job and of an
/// agent always do, and at once to those who watch the one job.
///
/// Nothing is kept for a browser that reads slowly but its place: it goes on from there when it has read, and is sent away when it does not
/// read at all.
actor WatchHub: Service {
    /// Messages that are kept.
    private static let kept = 10_000
    private static let interval = Duration.milliseconds(200)
    /// Bytes that are sent at a time to one that is behind.
    private static let batch = 65_536

    struct Message: Sendable {
        let seq: Int
        let job: String
        let agent: String
        /// Whether it is the last of its agent.
        let isTerminal: Bool
        /// As it goes to browsers.
        let text: ByteBuffer
    }

    /// What was sent lately to those who watch a job, or all jobs.
    private struct Window {
        var sent = ContinuousClock.now - WatchHub.interval
        var pending: [Message] = []
        var alarm: Task<Void, Never>?
    }

    private struct Watcher {
        let job: String?
        let channel: WatchChannel
        /// The number of the message that it got last.
        var seq: Int
        var isJoined = false
        /// Whether it has not read yet what was sent.
        var isBehind = false
        /// Brings it its snapshot.
        var greeting: Task<Void, Never>?
    }

    /// A snapshot as it goes to all that wait for it.
    private struct Picture {
        var seq: Int
        var text: ByteBuffer
    }

    private let orchestrator: OrchestratorLink
    private let pictures: SharedReads<String?, Picture>
    private let patience: Duration
    private let logger: Logger
    private var ring: [Message] = []
    /// The newest number that the orchestrator gave.
    private var seq: Int?
    private var isAway = true
    /// By job; `nil` for all.
    private var windows: [String?: Window] = [:]
    private var watchers: [Int: Watcher] = [:]
    private var nextID = 0

    /// - Parameter patience: how long a browser may read nothing of what was sent.
    init(_ orchestrator: OrchestratorLink, patience: Duration, logger: Logger) {
        self.orchestrator = orchestrator
        pictures = SharedReads(limit: 2) { job in
            let snapshot = try await orchestrator.snapshot(of: job)
            return Picture(seq: snapshot.seq, text: try Self.text(snapshot))
        }
        self.patience = patience
        self.logger = logger
    }

    var count: Int { watchers.count }

    /// Snapshots that were asked of the orchestrator for browsers.
    var snapshots: Int { get async { await pictures.count } }

    // MARK: - Browsers

    /// Lets a browser watch: it gets a snapshot, then what is newer than it or than `seq`.
    ///
    /// - Returns: for `leave`.
    func join(job: String?, after seq: Int?, _ channel: WatchChannel) -> Int {
        nextID += 1
        let id = nextID
        watchers[id] = Watcher(job: job, channel: channel, seq: seq ?? .max)
        greet(id, resumes: seq != nil)
        return id
    }

    func leave(_ id: Int) {
        watchers.removeValue(forKey: id)?.greeting?.cancel()
    }

    /// Sends a snapshot, and what is newer from then on.
    private func greet(_ id: Int, resumes: Bool) {
        // Nothing newer goes out before the snapshot.
        watchers[id]?.isJoined = false
        watchers[id]?.greeting?.cancel()
        watchers[id]?.greeting = Task { await welcome(id, resumes: resumes) }
    }

    private func welcome(_ id: Int, resumes: Bool) async {
        guard let job = watchers[id].map(\.job) else { return }
        var isTold = false
        while !Task.isCancelled {
            do {
                let picture = try await pictures.value(for: job)
                guard !Task.isCancelled, var watcher = watchers[id] else { return }
                watcher.channel.send(picture.text)
                if !resumes { watcher.seq = picture.seq }
                watcher.isJoined = true
                watchers[id] = watcher
                return catchUp(id)
            } catch {
                guard !Task.isCancelled, let watcher = watchers[id] else { return }
                guard ServiceError(wrapping: error).kind != .notFound else {
                    return watcher.channel.end(.unknownJob)
                }
                // A snapshot follows when the orchestrator is back.
                if !isTold { watcher.channel.send(Self.away) }
                isTold = true
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Sends what is kept and newer than what a watcher has, as fast as it reads; what comes meanwhile is a part of that.
    private func catchUp(_ id: Int) {
        watchers[id]?.isBehind = true
        Task {
            while let watcher = watchers[id] {
                let next = missed(by: watcher)
                guard let last = next.last else {
                    watchers[id]?.isBehind = false
                    return
                }
                watchers[id]?.seq = last.seq
                guard await watcher.channel.send(next.map(\.text), within: patience) else {
                    logger.info("a watcher reads nothing and is sent away")
                    watchers[id] = nil
                    return
                }
                // What it lacks may be gone meanwhile: it comes back and begins with a snapshot.
                guard ring.count < Self.kept || ring[0].seq <= last.seq + 1 else {
                    watchers[id] = nil
                    return watcher.channel.end(.slow)
                }
            }
        }
    }

    /// The next messages that a watcher lacks, some thousands of bytes of them.
    private func missed(by watcher: Watcher) -> [Message] {
        var low = 0
        var high = ring.count
        while low < high {
            let middle = (low + high) / 2
            if ring[middle].seq <= watcher.seq { low = middle + 1 } else { high = middle }
        }
        var next: [Message] = []
        var bytes = 0
        for message in ring[low...] where watcher.job == nil || watcher.job == message.job {
            next.append(message)
            bytes += message.text.readableBytes
            if bytes >= Self.batch { break }
        }
        return next
    }

    private func send(_ message: Message, to id: Int) {
        guard let watcher = watchers[id], !watcher.isBehind else { return }
        guard watcher.channel.isWritable else { return catchUp(id) }
        watcher.channel.send(message.text)
        watchers[id]?.seq = message.seq
    }

    // MARK: - The orchestrator

    /// Listens until the task is cancelled.
    func run() async throws {
        while true {
            do {
                try await listen()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.debug("the orchestrator does not answer: \(ServiceError(wrapping: error).message)")
            }
            if !isAway {
                isAway = true
                for watcher in watchers.values { watcher.channel.send(Self.away) }
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func listen() async throws {
        let start = if let seq { seq } else { max(0, try await orchestrator.newest() - Self.kept) }
        let messages = try await orchestrator.messages(after: start)
        seq = max(seq ?? 0, start)
        if isAway {
            isAway = false
            for (id, watcher) in watchers { greet(id, resumes: watcher.seq != .max) }
        }
        for try await message in messages { take(message) }
    }

    private func take(_ message: Message) {
        guard message.seq > seq ?? 0 else { return }
        seq = message.seq
        ring.append(message)
        if ring.count > Self.kept + Self.kept / 4 { ring.removeFirst(ring.count - Self.kept) }
        guard !watchers.isEmpty else { return }
        offer(message, to: message.job)
        // Numbers go up for those who watch all, so no job's messages overtake those of another.
        offer(message, to: nil)
    }

    private func offer(_ message: Message, to job: String?) {
        var window = windows[job] ?? Window()
        if !message.isTerminal {
            window.pending.removeAll { $0.agent == message.agent && $0.job == message.job && !$0.isTerminal }
        }
        window.pending.append(message)
        windows[job] = window
        let due = window.sent + Self.interval
        if due <= .now || (message.isTerminal && job != nil) {
            flush(job)
        } else if window.alarm == nil {
            windows[job]?.alarm = Task { [weak self] in
                try? await Task.sleep(until: due)
                await self?.flush(job)
            }
        }
    }

    private func flush(_ job: String?) {
        guard let window = windows[job] else { return }
        window.alarm?.cancel()
        for message in window.pending {
            for (id, watcher) in watchers where watcher.isJoined && watcher.job == job && watcher.seq < message.seq {
                send(message, to: id)
            }
        }
        windows[job] = Window(sent: .now)
        // What has been quiet for long needs no window.
        if windows.count > 1024 {
            windows = windows.filter { $0.value.sent + Self.interval > .now || $0.value.alarm != nil }
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
