import Contracts
import Faults
import FoundationEssentials

/// Events in the local file.
struct FileSink: LogSink {
    let file: EventFile

    var name: String { "file" }

    func keep(_ events: [KeptEvent]) async throws(ServiceError) { try await file.append(events) }

    func flush() async throws(ServiceError) { try await file.flush() }

    var counts: SinkCounts {
        get async { SinkCounts(pending: 0, delivered: await file.delivered, dropped: await file.dropped) }
    }
}
