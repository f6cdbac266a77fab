// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import JSON
import Logging
import ServiceLifecycle
import ServicePool
import Synchronization

/// Delivers events to the log service in order, without ever delaying a job. Events that cannot be delivered are dropped and reported
/// in the log.
final class EventSink: Service {
    private let pools: ServicePools
    private let logger: Logger
    private let stream: AsyncStream<Entry>
    private let input: AsyncStream<Entry>.Continuation
    private let losses = Mutex(LossReportThrottle())

    /// An event with the job and trace that it belongs to.
    private struct Entry: Sendable {
        let event: Contracts.LogEvent
        let context: CallContext
    }

    /// - Parameter capacity: the maximum number of queued events; if more are sent, the oldest are dropped.
    init(pools: ServicePools, logger: Logger, capacity: Int = 10_000) {
        self.pools = pools
        self.logger = logger
        (stream, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(capacity))
    }

    /// Queues an event of the current job and trace.
    func send(_ type: String, _ data: JSONValue) {
        let event = Contracts.LogEvent(eventType: type, data: data, timestamp: .now)
        let (job, trace) = (CallContext.current.jobID, CallContext.current.trace)
        let entry = Entry(event: event, context: CallContext(jobID: job, trace: trace))
        if case .dropped = input.yield(entry) { report(losses.withLock { $0.recordLoss(at: .now) }) }
    }

    /// Delivers events until `finish` was called and the queue is empty.
    func run() async {
        for await entry in stream {
            await CallContext.$current.withValue(entry.context) { await deliver(entry.event) }
        }
        report(losses.withLock { $0.flush() })
    }

    private func deliver(_ event: Contracts.LogEvent) async {
        do {
            _ = try await pools.call(LoggerAPI.log, event, replicaTimeout: .seconds(3))
        } catch {
            logger.warning(
                "an event was not logged", metadata: ["event_type": "\(event.eventType)", "error": "\(error)"])
        }
    }

    /// Accepts no further events.
    func finish() { input.finish() }

    private func report(_ count: Int?) {
        guard let count else { return }
        logger.warning("events were dropped: the log service is too slow", metadata: ["events": "\(count)"])
    }
}
