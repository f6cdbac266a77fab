// SPDX-License-Identifier: Apache-2.0

import Blocking
import Contracts
import Faults
import FoundationEssentials
import JSON

/// Implements the methods of `logger`.
struct EventLog: Sendable {
    /// The file that `tail` reads; `nil` without the file sink.
    private let file: EventFile?
    private let sinks: [any LogSink]
    private let instance: String
    private let writer: GroupCommitWriter
    private let blocking: BlockingPool

    init(
        file: EventFile?, sinks: [any LogSink], instance: String = "", blocking: BlockingPool = BlockingPool(threads: 1)
    ) {
        self.file = file
        self.blocking = blocking
        self.sinks = sinks
        self.instance = instance
        writer = GroupCommitWriter { events in await Self.append(events, to: sinks) }
    }

    /// Appends events to all sinks. Each sink counts its own dropped events.
    ///
    /// - Returns: `nil` if at least one sink accepted the events.
    private static func append(_ events: [SpooledEvent], to sinks: [any LogSink]) async -> ServiceError? {
        var failures: [ServiceError] = []
        for sink in sinks {
            do {
                try await sink.append(events)
            } catch {
                failures.append(error)
            }
        }
        return failures.count == sinks.count ? failures.first : nil
    }

    /// Implements `logger.log`.
    ///
    /// - Parameter params: the raw parameters of the call. The text of `data` is stored verbatim, with its order of members and digits.
    /// - Throws: `invalid_params`; why no sink accepted the event.
    func log(_ event: LogEvent, params: Data) async throws -> LogAccepted {
        guard case .object = event.data, let data = Self.member("data", of: params) else {
            throw ServiceError.invalidParams(at: "/data", expected: "an object")
        }
        let stream = StreamName.name(
            stream: event.stream, jobID: event.data["job_id"]?.string, instance: instance)
        try await writer.append([
            SpooledEvent(event.timestamp ?? .now, event.eventType, data: data, stream: stream)
        ])
        return LogAccepted(isAccepted: true)
    }

    /// Implements `logger.tail`.
    ///
    /// - Throws: `unavailable` without the file sink; `invalid_params`.
    func tail(_ request: TailEvents) async throws -> TailedEvents {
        guard let file else {
            throw ServiceError(
                .unavailable,
                "events are stored in CloudWatch only; read them there, or add file to UNDERSTUDY_LOG_SINKS",
                retryable: false)
        }
        let tail = try EventTail(
            jobID: request.jobID, eventType: request.eventType, limit: request.limit ?? LogDefaults.page)
        return try await blocking.run { isCancelled in try tail.read(file.paths, isCancelled: isCancelled) }
    }

    /// Implements `logger.flush`.
    func flush() async throws -> LogFlushed {
        for sink in sinks { try await sink.flush() }
        return LogFlushed(sinks: await counts())
    }

    /// The counts of all sinks for `rpc.stats`.
    func report() async throws -> JSONValue {
        try JSONCoding.decode(JSONValue.self, from: try JSONCoding.encode(await counts()))
    }

    private func counts() async -> [String: SinkCounts] {
        var counts: [String: SinkCounts] = [:]
        for sink in sinks { counts[sink.name] = await sink.counts }
        return counts
    }

    /// The text of an object's member; the first one if its name is repeated, as in all parsers of this project.
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
