import Calls
import Contracts
import JSON
import Logging
import ServiceLifecycle
import ServicePool
import Synchronization

/// Carries events to the log service in order, without ever holding a job up: what cannot be delivered is dropped, and logged.
final class EventSink: Service {
    private let pools: ServicePools
    private let logger: Logger
    private let stream: AsyncStream<Entry>
    private let input: AsyncStream<Entry>.Continuation
    private let losses = Mutex(LossReports())

    /// An event, and the job and trace in which it happened.
    private struct Entry: Sendable {
        let event: Contracts.LogEvent
        let context: CallContext
    }

    /// - Parameter capacity: events that wait at most; the oldest are dropped beyond.
    init(pools: ServicePools, logger: Logger, capacity: Int = 10_000) {
        self.pools = pools
        self.logger = logger
        (stream, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(capacity))
    }

    func send(_ type: String, _ data: JSONValue) {
        let event = Contracts.LogEvent(eventType: type, data: data, timestamp: .now)
        let (job, trace) = (CallContext.current.jobID, CallContext.current.trace)
        let entry = Entry(event: event, context: CallContext(jobID: job, trace: trace))
        if case .dropped = input.yield(entry) { report(losses.withLock { $0.lost(at: .now) }) }
    }

    /// Delivers until `finish` was called and all is out.
    func run() async {
        for await entry in stream {
            await CallContext.$current.withValue(entry.context) { await deliver(entry.event) }
        }
        report(losses.withLock { $0.rest() })
    }

    private func deliver(_ event: Contracts.LogEvent) async {
        do {
            _ = try await pools.call(LoggerAPI.log, event, patience: .seconds(3))
        } catch {
            logger.warning(
                "an event was not logged", metadata: ["event_type": "\(event.eventType)", "error": "\(error)"])
        }
    }

    func finish() { input.finish() }

    private func report(_ count: Int?) {
        guard let count else { return }
        logger.warning("events were dropped: the log service is too slow", metadata: ["events": "\(count)"])
    }
}

/// How often lost events are reported: the first at once, then a sum at most once a minute. Pure.
struct LossReports {
    private static let pause = Duration.seconds(60)

    private var unreported = 0
    private var last: ContinuousClock.Instant?

    /// - Returns: how many events to report now; `nil` for none.
    mutating func lost(at now: ContinuousClock.Instant) -> Int? {
        unreported += 1
        if let last, last.duration(to: now) < Self.pause { return nil }
        last = now
        return rest()
    }

    /// What was not reported yet; `nil` if all was.
    mutating func rest() -> Int? {
        defer { unreported = 0 }
        return unreported > 0 ? unreported : nil
    }
}
