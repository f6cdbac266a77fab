import Contracts
import Faults

/// Where events are kept.
protocol LogSink: Sendable {
    /// As in `UNDERSTUDY_LOG_SINKS`.
    var name: String { get }

    /// Keeps events, all or none; what is not kept is counted as dropped.
    func keep(_ events: [KeptEvent]) async throws(ServiceError)

    /// Brings what was accepted to where it is kept, as far as that is possible now.
    func flush() async throws(ServiceError)

    var counts: SinkCounts { get async }
}
