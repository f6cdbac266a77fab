import Contracts
import JSONRPC
import Logging
import ServicePool

/// Carries events to the log service in order, without ever holding a job up: what cannot be delivered is dropped, and said.
final class EventSink: Sendable {
    private let pools: ServicePools
    private let logger: Logger
    private let stream: AsyncStream<Contracts.LogEvent>
    private let input: AsyncStream<Contracts.LogEvent>.Continuation

    init(pools: ServicePools, logger: Logger) {
        self.pools = pools
        self.logger = logger
        (stream, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
    }

    func send(_ type: String, _ data: JSONValue) {
        input.yield(Contracts.LogEvent(eventType: type, data: data, timestamp: .now))
    }

    /// Delivers until `finish` was called and all is out.
    func run() async {
        for await event in stream {
            do {
                _ = try await pools["logger"].call(LoggerAPI.log, event, patience: .seconds(3))
            } catch {
                logger.warning(
                    "an event was not logged", metadata: ["event_type": "\(event.eventType)", "error": "\(error)"])
            }
        }
    }

    func finish() { input.finish() }
}
