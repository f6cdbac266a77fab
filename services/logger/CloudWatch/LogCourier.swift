import AWS
import Faults
import Logging

/// Brings batches to the streams of one group, and makes the group and the streams where they are missing.
actor LogCourier {
    private let client: LogsClient
    private let group: String
    private let retentionDays: Int?
    private let logger: Logger
    private var known: Set<String> = []
    private var hasRetention = false

    /// - Parameter retentionDays: how long the group keeps events; `nil` leaves that as it is.
    init(client: LogsClient, group: String, retentionDays: Int?, logger: Logger) {
        self.client = client
        self.group = group
        self.retentionDays = retentionDays
        self.logger = logger
    }

    /// - Throws: `AWSError` or `CancellationError`.
    func deliver(_ batch: LogBatch, to stream: String) async throws -> LogsClient.Rejected {
        if !known.contains(stream) { try await make(stream) }
        do {
            return try await client.put(batch.events, to: stream, in: group)
        } catch let error as AWSError where error.kind == .notFound {
            // Somebody removed the stream or the group.
            known = []
            hasRetention = false
            try await make(stream)
            return try await client.put(batch.events, to: stream, in: group)
        }
    }

    /// How often the stream has each of the batch's events; `nil` where it may not be read.
    func stored(_ batch: LogBatch, in stream: String) async throws -> [LogsClient.Event: Int]? {
        guard let first = batch.events.first, let last = batch.events.last else { return [:] }
        do {
            return try await client.events(of: stream, in: group, first.timestamp...last.timestamp)
        } catch let error as AWSError where error.kind == .notFound {
            return [:]
        } catch let error as AWSError where error.code?.hasPrefix("AccessDenied") == true {
            logger.warning(
                "cannot see whether a batch arrived, it may be there twice: allow logs:GetLogEvents",
                metadata: ["stream": "\(stream)", "events": "\(batch.events.count)"])
            return nil
        }
    }

    private func make(_ stream: String) async throws {
        if !hasRetention, retentionDays != nil {
            try await client.createGroup(group)
            await setRetention()
        }
        do {
            try await client.createStream(stream, in: group)
        } catch let error as AWSError where error.kind == .notFound {
            try await client.createGroup(group)
            await setRetention()
            try await client.createStream(stream, in: group)
        }
        if known.count >= 10_000 { known = [] }
        known.insert(stream)
    }

    /// Events are worth more than how long they are kept: a failure is only told.
    private func setRetention() async {
        guard let retentionDays else { return }
        hasRetention = true
        do {
            try await client.keep(group, days: retentionDays)
        } catch {
            logger.warning(
                "the log group's retention was not set", metadata: ["group": "\(group)", "error": "\(error)"])
        }
    }
}
