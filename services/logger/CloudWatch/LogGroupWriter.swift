// SPDX-License-Identifier: Apache-2.0

import AWS
import Faults
import Logging

/// Sends batches to the streams of one log group, and creates the group and the streams if they are missing.
actor LogGroupWriter {
    private let client: LogsClient
    private let group: String
    private let retentionDays: Int?
    private let logger: Logger
    private var knownStreams: Set<String> = []
    private var isRetentionSet = false

    /// - Parameter retentionDays: the retention of the group in days; `nil` to leave it unchanged.
    init(client: LogsClient, group: String, retentionDays: Int?, logger: Logger) {
        self.client = client
        self.group = group
        self.retentionDays = retentionDays
        self.logger = logger
    }

    /// Sends a batch.
    ///
    /// - Returns: the numbers of rejected events, by reason.
    /// - Throws: `AWSError`; `CancellationError`.
    func send(_ batch: LogBatch, to stream: String) async throws -> LogsClient.RejectedEvents {
        if !knownStreams.contains(stream) { try await create(stream) }
        do {
            return try await client.putEvents(batch.events, to: stream, in: group)
        } catch let error as AWSError where error.kind == .notFound {
            // The stream or the group was removed.
            knownStreams = []
            isRetentionSet = false
            try await create(stream)
            return try await client.putEvents(batch.events, to: stream, in: group)
        }
    }

    /// Reads the time range of a batch from a stream.
    ///
    /// - Returns: the number of occurrences of each event; `nil` without permission to read.
    /// - Throws: `AWSError`; `CancellationError`.
    func storedEvents(_ batch: LogBatch, in stream: String) async throws -> [LogsClient.Event: Int]? {
        guard let first = batch.events.first, let last = batch.events.last else { return [:] }
        do {
            return try await client.events(of: stream, in: group, first.timestamp...last.timestamp)
        } catch let error as AWSError where error.kind == .notFound {
            return [:]
        } catch let error as AWSError where error.code?.hasPrefix("AccessDenied") == true {
            logger.warning(
                "cannot verify the delivery of a batch, its events may be duplicated; allow logs:GetLogEvents",
                metadata: ["stream": "\(stream)", "events": "\(batch.events.count)"])
            return nil
        }
    }

    private func create(_ stream: String) async throws {
        if !isRetentionSet, retentionDays != nil {
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
        if knownStreams.count >= 10_000 { knownStreams = [] }
        knownStreams.insert(stream)
    }

    /// Sets the retention. Best effort: a failure is logged, but never delays events.
    private func setRetention() async {
        guard let retentionDays else { return }
        isRetentionSet = true
        do {
            try await client.setRetention(of: group, days: retentionDays)
        } catch {
            logger.warning(
                "cannot set the retention of the log group", metadata: ["group": "\(group)", "error": "\(error)"])
        }
    }
}
