import AWS
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Retry

/// Events in CloudWatch Logs: accepted into a spool on the disk, delivered in batches from there.
///
/// What a batch has is written down before it is sent and after it arrived. Where nobody knows whether it did, because the answer was
/// lost or the process was killed, the stream is asked before anything is sent again.
actor CloudSink: LogSink {
    struct Settings: Sendable {
        /// Seconds that an event waits for others.
        var batch = 1.0
        /// Seconds that a stream gets to show what was stored, before what it does not show is sent again.
        var settle = 5.0
        /// Seconds between looks for what dead instances left.
        var adoption = 60.0
    }

    /// What the delivery waits for.
    private enum Want {
        case anything, fullBatch, nothing
    }

    nonisolated let name = "cloudwatch"
    private let spool: Spool
    private let courier: LogCourier
    private let settings: Settings
    private let logger: Logger
    private let alarm = Alarm()

    private var delivered = 0
    private var dropped = 0
    private var trouble: String?
    private var lastComplaint: [String: ContinuousClock.Instant] = [:]
    private var isUrgent = false
    private var isStopping = false
    private var flushes: [Int: CheckedContinuation<Void, Never>] = [:]
    private var flushCount = 0
    private var wants = Want.nothing
    private var pump: Task<Void, Never>?

    init(spool: Spool, courier: LogCourier, settings: Settings = Settings(), logger: Logger) {
        self.spool = spool
        self.courier = courier
        self.settings = settings
        self.logger = logger
    }

    func keep(_ events: [KeptEvent]) async throws(ServiceError) {
        do {
            try await spool.append(events.flatMap { EventParts.of($0) })
        } catch {
            dropped += events.count
            complain("events are not kept for CloudWatch", error.message)
            throw error
        }
        switch wants {
        case .anything: alarm.ring()
        case .fullBatch: if await spool.hasFullBatch { alarm.ring() }
        case .nothing: break
        }
    }

    /// Delivers what there is, as far as CloudWatch takes it within 20 s.
    func flush() async throws(ServiceError) {
        try await spool.sync()
        guard pump != nil, await spool.pending > 0 else { return }
        isUrgent = true
        alarm.ring()
        flushCount += 1
        let number = flushCount
        let timer = Task {
            try await Task.sleep(for: .seconds(20))
            self.end([number])
        }
        await withCheckedContinuation { flushes[number] = $0 }
        timer.cancel()
    }

    private func end(_ numbers: some Sequence<Int>) {
        for number in numbers { flushes.removeValue(forKey: number)?.resume() }
    }

    var counts: SinkCounts {
        get async {
            SinkCounts(
                pending: await spool.pending, delivered: delivered, dropped: dropped, spoolBytes: await spool.bytes,
                trouble: trouble)
        }
    }

    /// Delivers until the task is cancelled, and then what is left for so many seconds.
    func run(drain: Double) async {
        let pump = Task { await deliverAll() }
        self.pump = pump
        await withTaskCancellationHandler {
            await pump.value
        } onCancel: {
            Task {
                await self.stop()
                // trusted: a bounded setting
                try? await Task.sleep(for: .seconds(drain))
                pump.cancel()
            }
        }
        self.pump = nil
        end(Array(flushes.keys))
        await spool.close()
        let left = await spool.pending
        if left > 0 { logger.notice("events stay in the spool until the next start", metadata: ["events": "\(left)"]) }
    }

    private func stop() {
        isStopping = true
        alarm.ring()
    }

    private func deliverAll() async {
        // Never at once.
        var backoff = Backoff(first: .milliseconds(500), longest: .seconds(60), jitter: 0.25...1)
        var adoptedAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            // trusted: a bounded setting
            if adoptedAt.map({ $0.duration(to: .now) >= .seconds(settings.adoption) }) ?? true {
                adoptedAt = .now
                let count = await spool.adopt()
                if count > 0 { logger.notice("took over events", metadata: ["events": "\(count)"]) }
            }
            // Said before it is looked: what comes in between rings.
            wants = .anything
            if await spool.pending == 0 {
                end(Array(flushes.keys))
                if isStopping { return }
                await alarm.wait(seconds: settings.adoption)
                continue
            }
            wants = .fullBatch
            if !isUrgent, !isStopping, let left = await spool.secondsUntilDue(settings.batch), left > 0 {
                await alarm.wait(seconds: left)
                continue
            }
            wants = .nothing
            let served = Array(flushes.keys)
            isUrgent = false
            do {
                try await round()
                backoff.reset()
                if trouble != nil { logger.notice("CloudWatch takes events again") }
                trouble = nil
                if await !spool.hasMore { end(served) }
            } catch {
                end(served)
                if error is CancellationError || isStopping { return }
                trouble = (error as? AWSError)?.message ?? (error as? ServiceError)?.message ?? "\(error)"
                complain("CloudWatch takes no events, they wait in the spool", trouble ?? "")
                await rest(backoff.next())
            }
        }
    }

    /// Waits out a pause that only a flush and the end of the service cut short.
    private func rest(_ pause: Duration) async {
        let end = ContinuousClock.now + pause
        while !isUrgent, !isStopping, .now < end {
            await alarm.wait(seconds: Double(ContinuousClock.now.duration(to: end).milliseconds) / 1000 + 0.001)
        }
    }

    /// Delivers all that waits in the oldest file.
    private func round() async throws {
        try await spool.look()
        while let work = await spool.next() {
            switch work {
            case .send(let stream, let batch): try await send(batch, to: stream)
            case .check(let stream, let batch, let sentAt): try await check(batch, in: stream, sentAt: sentAt)
            }
        }
        try await spool.tidy()
    }

    private func send(_ batch: LogBatch, to stream: String) async throws {
        let numbers = RecordNumbers(batch.numbers)
        await note(.sending(numbers, at: Timestamp.now.milliseconds))
        do {
            let rejected = try await courier.deliver(batch, to: stream)
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
            await note(.delivered(numbers))
        } catch let error as AWSError where !error.mayHaveHappened {
            await note(.returned(numbers))
            guard error.code == "InvalidParameterException" else { throw error }
            // One bad event must not hold up the others.
            guard let (first, second) = batch.halves else {
                dropped += 1
                logger.warning(
                    "CloudWatch refused an event", metadata: ["stream": "\(stream)", "error": "\(error.message)"])
                await note(.dropped(numbers))
                return
            }
            try await send(first, to: stream)
            try await send(second, to: stream)
        }
    }

    private func check(_ batch: LogBatch, in stream: String, sentAt: Int64) async throws {
        var (there, missing): ([Int], [Int]) = ([], batch.numbers)
        for isLast in [false, true] {
            guard let stored = try await courier.stored(batch, in: stream) else { break }
            (there, missing) = batch.split(by: stored)
            let left = Double(sentAt - Timestamp.now.milliseconds) / 1000 + settings.settle
            if missing.isEmpty || isLast || left <= 0 { break }
            // trusted: at most the bounded setting
            try await Task.sleep(for: .seconds(min(left, settings.settle)))
        }
        delivered += there.count
        if !there.isEmpty { await note(.delivered(RecordNumbers(there))) }
        if !missing.isEmpty { await note(.returned(RecordNumbers(missing))) }
    }

    private func note(_ line: SpoolLine) async {
        do {
            try await spool.note(line)
        } catch {
            complain("the spool cannot be written", "\(error)")
        }
    }

    /// Says the same not more than once a minute.
    private func complain(_ what: String, _ why: String) {
        if let last = lastComplaint[what], last.duration(to: .now) < .seconds(60) { return }
        lastComplaint[what] = .now
        logger.warning("\(what)", metadata: ["error": "\(why)"])
    }
}
