import Blocking
import Contracts
import Faults
import FoundationEssentials
import JSON

/// Answers `logger`'s methods.
struct EventLog: Sendable {
    /// What `tail` reads.
    private let file: EventFile?
    private let sinks: [any LogSink]
    private let instance: String
    private let groups: EventGroups
    private let blocking: BlockingPool

    init(
        file: EventFile?, sinks: [any LogSink], instance: String = "", blocking: BlockingPool = BlockingPool(threads: 1)
    ) {
        self.file = file
        self.blocking = blocking
        self.sinks = sinks
        self.instance = instance
        groups = EventGroups { events in await Self.keep(events, in: sinks) }
    }

    /// An event is accepted when a sink has it; each sink counts for itself what it could not keep.
    private static func keep(_ events: [KeptEvent], in sinks: [any LogSink]) async -> ServiceError? {
        var failures: [ServiceError] = []
        for sink in sinks {
            do {
                try await sink.keep(events)
            } catch {
                failures.append(error)
            }
        }
        return failures.count == sinks.count ? failures.first : nil
    }

    /// - Parameter params: the call's parameters as they came: what is kept of `data` is its own text, whatever the order of its
    ///   members and the digits of its numbers.
    func log(_ event: LogEvent, params: Data) async throws -> LogAccepted {
        guard case .object = event.data, let data = Self.member("data", of: params) else {
            throw ServiceError.invalidParams(at: "/data", expected: "an object")
        }
        let stream = StreamName.of(
            stream: event.stream, jobID: event.data["job_id"]?.string, instance: instance)
        try await groups.append([
            KeptEvent(event.timestamp ?? .now, event.eventType, data: data, stream: stream)
        ])
        return LogAccepted(accepted: true)
    }

    func tail(_ request: TailEvents) async throws -> TailedEvents {
        guard let file else {
            throw ServiceError(
                .unavailable,
                "events are kept in CloudWatch alone: read them there, or add file to UNDERSTUDY_LOG_SINKS",
                retryable: false)
        }
        let tail = try EventTail(
            jobID: request.jobID, eventType: request.eventType, limit: request.limit ?? LogDefaults.page)
        return try await blocking.run { isCancelled in try tail.read(file.paths, isCancelled: isCancelled) }
    }

    func flush() async throws -> LogFlushed {
        for sink in sinks { try await sink.flush() }
        return LogFlushed(sinks: await counts())
    }

    /// For `rpc.stats`.
    func report() async throws -> JSONValue {
        try JSONCoding.decode(JSONValue.self, from: try JSONCoding.encode(await counts()))
    }

    private func counts() async -> [String: SinkCounts] {
        var counts: [String: SinkCounts] = [:]
        for sink in sinks { counts[sink.name] = await sink.counts }
        return counts
    }

    /// The text of an object's member; of several with the name the first counts, as everywhere.
    private static func member(_ name: StaticString, of text: Data) -> Data? {
        text.withUnsafeBytes { raw in
            let bytes = raw.assumingMemoryBound(to: UInt8.self)
            var scanner = JSONScanner(bytes)
            var found: Data?
            try? scanner.members { (range, scanner) throws(JSONScanner.SyntaxError) in
                _ = try scanner.peek()
                let value = try scanner.skipValue()
                if found == nil, scanner.name(range, is: name) { found = Data(bytes[value]) }
            }
            return found
        }
    }
}
