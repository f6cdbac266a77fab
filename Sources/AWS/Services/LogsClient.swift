import Faults
import FoundationEssentials
import HTTP

/// CloudWatch Logs, as far as one who writes events needs it.
package struct LogsClient: Sendable {
    package struct Event: Codable, Sendable, Hashable {
        /// Milliseconds since 1970.
        package var timestamp: Int64
        package var message: String

        package init(timestamp: Int64, message: String) {
            self.timestamp = timestamp
            self.message = message
        }
    }

    /// How many events of a batch were not taken, and never will be.
    package struct Rejected: Sendable, Equatable {
        /// Older than 14 days.
        package var tooOld = 0
        /// Older than the group keeps events.
        package var expired = 0
        /// More than two hours ahead.
        package var tooNew = 0

        package init() {}

        package var count: Int { tooOld + expired + tooNew }
    }

    /// Bytes of a batch: of each event its message in UTF-8 and `eventOverhead`.
    package static let batchBytes = 1_048_576
    package static let batchCount = 10_000
    package static let eventOverhead = 26
    /// Milliseconds from a batch's first event to its last.
    package static let batchSpan: Int64 = 24 * 3600 * 1000
    /// The days that a group may keep its events.
    package static let retentionDays = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    ]

    private let client: AWSClient

    package init(account: AWSAccount) {
        client = AWSClient(account: account)
    }

    /// Whether there is a group of this name.
    package func hasGroup(_ group: String) async throws -> Bool {
        let place = "the log group \(group)"
        let answer = try await call("DescribeLogGroups", Body(logGroupNamePrefix: group), place)
        // Groups come in the order of their names: one that is its own prefix comes first.
        guard let groups = try? JSONDecoder().decode(Groups.self, from: answer) else { throw Self.foreign(place) }
        return groups.logGroups.contains { $0.logGroupName == group }
    }

    /// Makes a group, unless there is one.
    package func createGroup(_ group: String) async throws {
        try await making { try await call("CreateLogGroup", Body(logGroupName: group), "the log group \(group)") }
    }

    /// Makes a stream, unless there is one.
    ///
    /// - Throws: `notFound` where there is no such group.
    package func createStream(_ stream: String, in group: String) async throws {
        try await making {
            try await call(
                "CreateLogStream", Body(logGroupName: group, logStreamName: stream), "the log stream \(stream)")
        }
    }

    /// Lets a group forget its events.
    ///
    /// - Parameter days: one of `retentionDays`.
    package func keep(_ group: String, days: Int) async throws {
        _ = try await call(
            "PutRetentionPolicy", Body(logGroupName: group, retentionInDays: days), "the log group \(group)")
    }

    /// Stores a batch, all of it or nothing but what is rejected.
    ///
    /// - Parameter events: within the limits above, in the order of their times.
    /// - Throws: `AWSError`; where `mayHaveHappened`, the batch may be stored all the same.
    package func put(_ events: [Event], to stream: String, in group: String) async throws -> Rejected {
        let place = "the log stream \(stream)"
        let body = Body(logGroupName: group, logStreamName: stream, logEvents: events)
        let answer = try await call("PutLogEvents", body, place, isIdempotent: false)
        guard let info = (try? JSONDecoder().decode(PutAnswer.self, from: answer)) else {
            var error = Self.foreign(place)
            error.isLost = true
            throw error
        }
        return info.rejected(of: events.count)
    }

    /// The events of a stream whose times are in the range, how often each is there.
    ///
    /// - Throws: `notFound` where there is no such stream.
    package func events(of stream: String, in group: String, _ range: ClosedRange<Int64>) async throws -> [Event: Int] {
        var found: [Event: Int] = [:]
        var token: String?
        while true {
            let body = Body(
                logGroupName: group, logStreamName: stream, startTime: range.lowerBound,
                endTime: range.upperBound + 1, startFromHead: true, nextToken: token)
            let answer = try await call("GetLogEvents", body, "the log stream \(stream)")
            guard let page = try? JSONDecoder().decode(Page.self, from: answer) else {
                throw Self.foreign("the log stream \(stream)")
            }
            for event in page.events { found[event, default: 0] += 1 }
            // The last page repeats its own token.
            guard let next = page.nextForwardToken, next != token else { return found }
            token = next
        }
    }

    private func making(_ make: () async throws -> Data) async throws {
        do {
            _ = try await make()
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

    private static func foreign(_ place: String) -> AWSError {
        AWSError(.unavailable, "\(place): the endpoint's answer is none of CloudWatch Logs", service: .logs)
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

    private struct PutAnswer: Decodable {
        struct Info: Decodable {
            var tooOldLogEventEndIndex: Int?
            var expiredLogEventEndIndex: Int?
            var tooNewLogEventStartIndex: Int?
        }

        var rejectedLogEventsInfo: Info?

        /// The old ones are a prefix of the batch, the new ones its end.
        func rejected(of count: Int) -> Rejected {
            var rejected = Rejected()
            guard let info = rejectedLogEventsInfo else { return rejected }
            let within = 0...count
            func bounded(_ index: Int) -> Int { min(max(index, within.lowerBound), within.upperBound) }
            rejected.tooOld = bounded(info.tooOldLogEventEndIndex ?? 0)
            rejected.expired = max(bounded(info.expiredLogEventEndIndex ?? 0) - rejected.tooOld, 0)
            rejected.tooNew =
                count - max(bounded(info.tooNewLogEventStartIndex ?? count), rejected.tooOld + rejected.expired)
            return rejected
        }
    }
}
