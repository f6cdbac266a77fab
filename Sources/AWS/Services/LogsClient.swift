// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP

/// A client of the CloudWatch Logs operations that writing events needs.
package struct LogsClient: Sendable {
    /// A log event.
    package struct Event: Codable, Sendable, Hashable {
        /// Milliseconds since 1970.
        package var timestamp: Int64
        /// The text, not empty.
        package var message: String

        /// Creates an event.
        package init(timestamp: Int64, message: String) {
            self.timestamp = timestamp
            self.message = message
        }
    }

    /// The number of events in a batch that CloudWatch permanently rejected, by reason.
    package struct RejectedEvents: Sendable, Equatable {
        /// Older than 14 days.
        package var tooOld = 0
        /// Older than the group's retention.
        package var expired = 0
        /// More than two hours in the future.
        package var tooNew = 0

        /// Creates counts of 0.
        package init() {}

        /// The total number of rejected events.
        package var count: Int { tooOld + expired + tooNew }
    }

    /// Maximum size of a batch in bytes: for each event its UTF-8 message and `eventOverhead`.
    package static let batchBytes = 1_048_576
    /// Maximum number of events in a batch.
    package static let batchCount = 10_000
    /// Bytes that CloudWatch adds to each message when it computes a batch's size.
    package static let eventOverhead = 26
    /// Maximum time span of a batch in milliseconds.
    package static let batchSpan: Int64 = 24 * 3600 * 1000
    /// The retention periods that CloudWatch supports, in days.
    package static let retentionDays = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    ]

    private let client: AWSClient

    /// Creates a client with the account's credentials.
    package init(account: AWSAccount) {
        client = AWSClient(account: account)
    }

    /// Whether a log group exists.
    ///
    /// - Throws: `AWSError`; `CancellationError`.
    package func hasGroup(_ group: String) async throws -> Bool {
        let subject = "the log group \(group)"
        let response = try await call("DescribeLogGroups", Body(logGroupNamePrefix: group), subject)
        // Groups are sorted by name, so an exact match is on the first page.
        guard let groups = try? JSONDecoder().decode(Groups.self, from: response) else {
            throw Self.unexpectedResponse(subject)
        }
        return groups.logGroups.contains { $0.logGroupName == group }
    }

    /// Creates a log group. Does nothing if it exists.
    ///
    /// - Throws: `AWSError`; `CancellationError`.
    package func createGroup(_ group: String) async throws {
        try await ignoringExisting {
            try await call("CreateLogGroup", Body(logGroupName: group), "the log group \(group)")
        }
    }

    /// Creates a log stream. Does nothing if it exists.
    ///
    /// - Throws: `AWSError`, `notFound` if the group does not exist; `CancellationError`.
    package func createStream(_ stream: String, in group: String) async throws {
        try await ignoringExisting {
            try await call(
                "CreateLogStream", Body(logGroupName: group, logStreamName: stream), "the log stream \(stream)")
        }
    }

    /// Sets the retention of a group.
    ///
    /// - Parameter days: one of `retentionDays`.
    /// - Throws: `AWSError`; `CancellationError`.
    package func setRetention(of group: String, days: Int) async throws {
        _ = try await call(
            "PutRetentionPolicy", Body(logGroupName: group, retentionInDays: days), "the log group \(group)")
    }

    /// Stores a batch, except for the events that CloudWatch rejects. The request is not retried after its response was lost.
    ///
    /// - Parameter events: within the limits above, in chronological order.
    /// - Returns: the number of rejected events.
    /// - Throws: `AWSError`; if its `mayHaveBeenExecuted` is set, the batch may have been stored. `CancellationError`.
    package func putEvents(_ events: [Event], to stream: String, in group: String) async throws -> RejectedEvents {
        let subject = "the log stream \(stream)"
        let body = Body(logGroupName: group, logStreamName: stream, logEvents: events)
        let response = try await call("PutLogEvents", body, subject, isIdempotent: false)
        guard let result = (try? JSONDecoder().decode(PutResponse.self, from: response)) else {
            var error = Self.unexpectedResponse(subject)
            error.isResponseLost = true
            throw error
        }
        return result.rejectedEvents(of: events.count)
    }

    /// Reads the events of a stream in a time range.
    ///
    /// - Parameter range: milliseconds since 1970.
    /// - Returns: the number of occurrences of each event.
    /// - Throws: `AWSError`, `notFound` if the stream does not exist; `CancellationError`.
    package func events(of stream: String, in group: String, _ range: ClosedRange<Int64>) async throws -> [Event: Int] {
        var counts: [Event: Int] = [:]
        var token: String?
        while true {
            let body = Body(
                logGroupName: group, logStreamName: stream, startTime: range.lowerBound,
                endTime: range.upperBound + 1, startFromHead: true, nextToken: token)
            let response = try await call("GetLogEvents", body, "the log stream \(stream)")
            guard let page = try? JSONDecoder().decode(Page.self, from: response) else {
                throw Self.unexpectedResponse("the log stream \(stream)")
            }
            for event in page.events { counts[event, default: 0] += 1 }
            // The last page repeats its own token.
            guard let next = page.nextForwardToken, next != token else { return counts }
            token = next
        }
    }

    private func ignoringExisting(_ create: () async throws -> Data) async throws {
        do {
            _ = try await create()
        } catch let error as AWSError where error.code == "ResourceAlreadyExistsException" {
            return
        }
    }

    private func call(
        _ operation: String, _ body: Body, _ subject: String, isIdempotent: Bool = true
    ) async throws -> Data {
        var request = AWSRequest.json(
            .logs, target: "Logs_20140328.\(operation)", body: try JSONEncoder().encode(body), subject: subject)
        request.isIdempotent = isIdempotent
        request.timeouts = HTTPRequest.Timeouts(connect: 10, firstByte: 30, total: 120)
        return try await client.send(request).body
    }

    private static func unexpectedResponse(_ subject: String) -> AWSError {
        AWSError(
            .unavailable, "\(subject): unexpected response; check the CloudWatch Logs endpoint", service: .logs)
    }

    private struct Groups: Decodable {
        struct Group: Decodable {
            var logGroupName: String
        }

        var logGroups: [Group]
    }

    private struct Body: Encodable {
        var logGroupName: String?
        var logGroupNamePrefix: String?
        var logStreamName: String?
        var logEvents: [Event]?
        var retentionInDays: Int?
        var startTime: Int64?
        var endTime: Int64?
        var startFromHead: Bool?
        var nextToken: String?
    }

    private struct Page: Decodable {
        var events: [Event]
        var nextForwardToken: String?
    }

    private struct PutResponse: Decodable {
        struct Info: Decodable {
            var tooOldLogEventEndIndex: Int?
            var expiredLogEventEndIndex: Int?
            var tooNewLogEventStartIndex: Int?
        }

        var rejectedLogEventsInfo: Info?

        /// Too old and expired events are a prefix of the batch, too new ones a suffix.
        ///
        /// - Parameter count: the number of events in the batch.
        func rejectedEvents(of count: Int) -> RejectedEvents {
            var rejected = RejectedEvents()
            guard let info = rejectedLogEventsInfo else { return rejected }
            func bounded(_ index: Int) -> Int { min(max(index, 0), count) }
            rejected.tooOld = bounded(info.tooOldLogEventEndIndex ?? 0)
            rejected.expired = max(bounded(info.expiredLogEventEndIndex ?? 0) - rejected.tooOld, 0)
            rejected.tooNew =
                count - max(bounded(info.tooNewLogEventStartIndex ?? count), rejected.tooOld + rejected.expired)
            return rejected
        }
    }
}
