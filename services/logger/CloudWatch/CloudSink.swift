// SPDX-License-Identifier: Apache-2.0

import AWS
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Retry

/// Delivers events to CloudWatch Logs: accepted into a durable spool, sent in batches from there.
///
/// Failed batches are retried with backoff here. The spool records each batch before it is sent and after it was delivered. If the result of a request is unknown because its response was
/// lost or the process was killed, the stream is read before any event is sent again, so events are not duplicated.
actor CloudSink: LogSink {
    /// Timing of the delivery.
    struct Settings: Sendable {
        /// How long an event waits for others to fill a batch, in seconds.
        var batchSeconds = 1.0
        /// How long stored events may take to become visible in a stream, in seconds. Missing events are sent again after this time.
        var settleSeconds = 5.0
        /// Interval between searches for files of terminated instances, in seconds.
        var adoptionInterval = 60.0
    }

    /// Which appended events wake up the delivery.
    private enum WakeupCondition {
        case anyEvent, fullBatch, never
    }

    nonisolated let name = "cloudwatch"
    private let spool: Spool
    private let writer: LogGroupWriter
    private let settings: Settings
    private let logger: Logger
    private let wakeup = WakeupSignal()

    private var delivered = 0
    private var dropped = 0
    /// Why the last delivery failed; `nil` after a successful one.
    private var problem: String?
    /// When each warning was last logged.
    private var lastWarning: [String: ContinuousClock.Instant] = [:]
    /// Whether a flush waits for the delivery.
    private var isFlushRequested = false
    private var isStopping = false
    private var flushWaiters: [Int: CheckedContinuation<Void, Never>] = [:]
    private var flushCount = 0
    private var wakeupCondition = WakeupCondition.never
    private var deliveryTask: Task<Void, Never>?

    init(spool: Spool, writer: LogGroupWriter, settings: Settings = Settings(), logger: Logger) {
        self.spool = spool
        self.writer = writer
        self.settings = settings
        self.logger = logger
    }

    func append(_ events: [SpooledEvent]) async throws(ServiceError) {
        do {
            try await spool.append(events.flatMap { EventSplitter.split($0) })
        } catch {
            dropped += events.count
            warn("cannot spool events for CloudWatch", error.message)
            throw error
        }
        switch wakeupCondition {
        case .anyEvent: wakeup.signal()
        case .fullBatch: if await spool.hasFullBatch { wakeup.signal() }
        case .never: break
        }
    }

    /// Flushes the spool to the disk and delivers pending events, for at most 20 s.
    func flush() async throws(ServiceError) {
        try await spool.sync()
        guard deliveryTask != nil, await spool.pending > 0 else { return }
        isFlushRequested = true
        wakeup.signal()
        flushCount += 1
        let number = flushCount
        let timer = Task {
            try await Task.sleep(for: .seconds(20))
            self.resumeFlushes([number])
        }
        await withCheckedContinuation { flushWaiters[number] = $0 }
        timer.cancel()
    }

    private func resumeFlushes(_ numbers: some Sequence<Int>) {
        for number in numbers { flushWaiters.removeValue(forKey: number)?.resume() }
    }

    var counts: SinkCounts {
        get async {
            SinkCounts(
                pending: await spool.pending, delivered: delivered, dropped: dropped, spoolBytes: await spool.bytes,
                problem: problem)
        }
    }

    /// Delivers events until the task is cancelled, then the remaining events for at most `drainSeconds`.
    func run(drainSeconds: Double) async {
        let deliveryTask = Task { await deliverAll() }
        self.deliveryTask = deliveryTask
        await withTaskCancellationHandler {
            await deliveryTask.value
        } onCancel: {
            Task {
                await self.stop()
                // trusted: a bounded setting
                try? await Task.sleep(for: .seconds(drainSeconds))
                deliveryTask.cancel()
            }
        }
        self.deliveryTask = nil
        resumeFlushes(Array(flushWaiters.keys))
        await spool.close()
        let pending = await spool.pending
        if pending > 0 {
            logger.notice("events remain in the spool until the next start", metadata: ["events": "\(pending)"])
        }
    }

    private func stop() {
        isStopping = true
        wakeup.signal()
    }

    private func deliverAll() async {
        // The jitter excludes pauses close to zero.
        var backoff = Backoff(first: .milliseconds(500), longest: .seconds(60), jitter: 0.25...1)
        var adoptedAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            // trusted: a bounded setting
            if adoptedAt.map({ $0.duration(to: .now) >= .seconds(settings.adoptionInterval) }) ?? true {
                adoptedAt = .now
                let count = await spool.adoptOrphans()
                if count > 0 {
                    logger.notice("adopted events of terminated instances", metadata: ["events": "\(count)"])
                }
            }
            // Set before the check, so that an event in between signals.
            wakeupCondition = .anyEvent
            if await spool.pending == 0 {
                resumeFlushes(Array(flushWaiters.keys))
                if isStopping { return }
                await wakeup.wait(seconds: settings.adoptionInterval)
                continue
            }
            wakeupCondition = .fullBatch
            if !isFlushRequested, !isStopping,
                let seconds = await spool.secondsUntilDue(settings.batchSeconds), seconds > 0
            {
                await wakeup.wait(seconds: seconds)
                continue
            }
            wakeupCondition = .never
            let servedFlushes = Array(flushWaiters.keys)
            isFlushRequested = false
            do {
                try await deliverOldestFile()
                backoff.reset()
                if problem != nil { logger.notice("delivery to CloudWatch resumed") }
                problem = nil
                if await !spool.hasMoreFiles { resumeFlushes(servedFlushes) }
            } catch {
                resumeFlushes(servedFlushes)
                if error is CancellationError || isStopping { return }
                problem = (error as? AWSError)?.message ?? (error as? ServiceError)?.message ?? "\(error)"
                warn("cannot deliver events to CloudWatch, they remain in the spool", problem ?? "")
                await pause(backoff.next())
            }
        }
    }

    /// Pauses between attempts. A flush or the shutdown of the service ends the pause.
    private func pause(_ duration: Duration) async {
        let end = ContinuousClock.now + duration
        while !isFlushRequested, !isStopping, .now < end {
            await wakeup.wait(seconds: Double(ContinuousClock.now.duration(to: end).milliseconds) / 1000 + 0.001)
        }
    }

    /// Delivers all pending events of the oldest file.
    private func deliverOldestFile() async throws {
        try await spool.readOldest()
        while let work = await spool.nextWork() {
            switch work {
            case .send(let stream, let batch): try await send(batch, to: stream)
            case .verify(let stream, let batch, let sentAt): try await verify(batch, in: stream, sentAt: sentAt)
            }
        }
        try await spool.removeDelivered()
    }

    private func send(_ batch: LogBatch, to stream: String) async throws {
        let numbers = RecordRanges(batch.numbers)
        await record(.sending(numbers, at: Timestamp.now.milliseconds))
        do {
            let rejected = try await writer.send(batch, to: stream)
            delivered += batch.numbers.count - rejected.count
            dropped += rejected.count
            if rejected.count > 0 {
                logger.warning(
                    "CloudWatch rejected events",
                    metadata: [
                        "stream": "\(stream)", "too_old": "\(rejected.tooOld)", "expired": "\(rejected.expired)",
                        "too_new": "\(rejected.tooNew)",
                    ])
            }
            await record(.delivered(numbers))
        } catch let error as AWSError where !error.mayHaveBeenExecuted {
            await record(.returned(numbers))
            guard error.code == "InvalidParameterException" else { throw error }
            // Bisects the batch, so that an invalid event does not block the others.
            guard let (first, second) = batch.halves else {
                dropped += 1
                logger.warning(
                    "CloudWatch rejected an invalid event",
                    metadata: ["stream": "\(stream)", "error": "\(error.message)"])
                await record(.dropped(numbers))
                return
            }
            try await send(first, to: stream)
            try await send(second, to: stream)
        }
    }

    /// Verifies which events of a batch with unconfirmed delivery were stored; the others are pending again.
    private func verify(_ batch: LogBatch, in stream: String, sentAt: Int64) async throws {
        var (stored, missing): ([Int], [Int]) = ([], batch.numbers)
        for isLast in [false, true] {
            guard let counts = try await writer.storedEvents(batch, in: stream) else { break }
            (stored, missing) = batch.partition(by: counts)
            let remaining = Double(sentAt - Timestamp.now.milliseconds) / 1000 + settings.settleSeconds
            if missing.isEmpty || isLast || remaining <= 0 { break }
            // trusted: at most the bounded setting
            try await Task.sleep(for: .seconds(min(remaining, settings.settleSeconds)))
        }
        delivered += stored.count
        if !stored.isEmpty { await record(.delivered(RecordRanges(stored))) }
        if !missing.isEmpty { await record(.returned(RecordRanges(missing))) }
    }

    private func record(_ line: SpoolLine) async {
        do {
            try await spool.record(line)
        } catch {
            warn("cannot write to the spool", "\(error)")
        }
    }

    /// Logs a warning, at most once a minute for each message.
    private func warn(_ message: String, _ reason: String) {
        if let last = lastWarning[message], last.duration(to: .now) < .seconds(60) { return }
        lastWarning[message] = .now
        logger.warning("\(message)", metadata: ["error": "\(reason)"])
    }
}
