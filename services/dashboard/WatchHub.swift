import Contracts
import FoundationEssentials
import JSONRPC
import Logging
import NIOCore
import ServicePool

/// Brings the status messages of the orchestrator to all who watch: one connection there, whatever the number of browsers here.
///
/// The newest messages are kept, so that a page that says what it saw last gets the rest without gap or repeat, also after this service or
/// the orchestrator was restarted. Live messages go out at most five times a second for each agent of a job; the last of a job and of an
/// agent always do, and at once.
actor WatchHub {
    /// Messages that are kept.
    private static let kept = 10_000
    private static let interval = Duration.milliseconds(200)

    struct Message: Sendable {
        let seq: Int
        let job: String
        let agent: String
        /// Whether it is the last of its agent.
        let isTerminal: Bool
        /// As it goes to browsers.
        let text: ByteBuffer
    }

    /// What was sent of a job lately.
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
    }

    private let orchestrator: OrchestratorLink
    private let logger: Logger
    private var ring: [Message] = []
    /// The newest number that the orchestrator gave.
    private var seq: Int?
    private var isAway = true
    private var windows: [String: Window] = [:]
    private var watchers: [Int: Watcher] = [:]
    private var nextID = 0

    init(_ orchestrator: OrchestratorLink, logger: Logger) {
        self.orchestrator = orchestrator
        self.logger = logger
    }

    var count: Int { watchers.count }

    // MARK: - Browsers

    /// Lets a browser watch: it gets a snapshot, then what is newer than it or than `seq`.
    ///
    /// - Returns: for `leave`.
    func join(job: String?, after seq: Int?, _ channel: WatchChannel) async -> Int {
        nextID += 1
        let id = nextID
        watchers[id] = Watcher(job: job, channel: channel, seq: seq ?? .max)
        await welcome(id, resumes: seq != nil)
        return id
    }

    func leave(_ id: Int) {
        watchers[id] = nil
    }

    private func welcome(_ id: Int, resumes: Bool) async {
        // Nothing newer goes out before the snapshot.
        watchers[id]?.isJoined = false
        let job = watchers[id]?.job
        do {
            let snapshot = try await orchestrator.snapshot(of: job)
            guard var watcher = watchers[id] else { return }
            watcher.channel.send(try Self.text(snapshot))
            if !resumes { watcher.seq = snapshot.seq }
            watcher.isJoined = true
            watchers[id] = watcher
            catchUp(id)
        } catch {
            guard let watcher = watchers[id] else { return }
            let failure = ServiceError(wrapping: error)
            if failure.kind == .notFound {
                watcher.channel.end(.unknownJob)
            } else {
                // A snapshot follows when the orchestrator is back.
                watcher.channel.send(Self.away)
            }
        }
    }

    /// Sends what is kept and newer than what a watcher has.
    private func catchUp(_ id: Int) {
        guard var watcher = watchers[id] else { return }
        let missed = ring.drop { $0.seq <= watcher.seq }
        for message in missed where watcher.job == nil || watcher.job == message.job {
            watcher.channel.send(message.text)
            watcher.seq = message.seq
        }
        watchers[id] = watcher
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
            for id in watchers.keys.sorted() {
                await welcome(id, resumes: watchers[id].map { $0.seq != .max } ?? false)
            }
        }
        for try await message in messages { take(message) }
    }

    private func take(_ message: Message) {
        guard message.seq > seq ?? 0 else { return }
        seq = message.seq
        ring.append(message)
        if ring.count > Self.kept + Self.kept / 4 { ring.removeFirst(ring.count - Self.kept) }
        guard !watchers.isEmpty else { return }
        var window = windows[message.job] ?? Window()
        if !message.isTerminal {
            window.pending.removeAll { $0.agent == message.agent && !$0.isTerminal }
        }
        window.pending.append(message)
        windows[message.job] = window
        let due = window.sent + Self.interval
        if message.isTerminal || due <= .now {
            flush(message.job)
        } else if window.alarm == nil {
            windows[message.job]?.alarm = Task { [weak self] in
                try? await Task.sleep(until: due)
                await self?.flush(message.job)
            }
        }
    }

    private func flush(_ job: String) {
        guard let window = windows[job] else { return }
        window.alarm?.cancel()
        for message in window.pending {
            for (id, watcher) in watchers
            where watcher.isJoined && (watcher.job == nil || watcher.job == job) && watcher.seq < message.seq {
                watcher.channel.send(message.text)
                watchers[id]?.seq = message.seq
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
