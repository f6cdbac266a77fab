import Contracts
import JSONRPC

/// Answers `logger`'s methods.
struct EventLog: Sendable {
    let file: EventFile

    func log(_ event: LogEvent) async throws -> LogAccepted {
        guard Self.isEventType(event.eventType) else {
            throw ServiceError.invalidParams(
                at: "/event_type", expected: "1 to 64 of a-z 0-9 _ . , found \"\(event.eventType.prefix(80))\"")
        }
        guard case .object = event.data else {
            throw ServiceError.invalidParams(at: "/data", expected: "an object")
        }
        try await file.append(
            LoggedEvent(timestamp: event.timestamp ?? .now, eventType: event.eventType, data: event.data))
        return LogAccepted(accepted: true)
    }

    func tail(_ request: TailEvents) async throws -> TailedEvents {
        let limit = request.limit ?? 100
        guard (1...10_000).contains(limit) else {
            throw ServiceError.invalidParams(at: "/limit", expected: "1 to 10000, found \(limit)")
        }
        return TailedEvents(
            events: try await file.tail(jobID: request.jobID, eventType: request.eventType, limit: limit))
    }

    func flush() async throws -> LogFlushed {
        try await file.flush()
        return LogFlushed(pending: 0, delivered: await file.delivered, dropped: await file.dropped)
    }

    static func isEventType(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: ".")
            }
    }
}
