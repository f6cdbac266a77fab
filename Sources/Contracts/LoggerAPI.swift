package import JSONRPC

/// `logger`: what happened, for those who come later.
package enum LoggerAPI {
    package static let log = Method<LogEvent, LogAccepted>(
        "logger.log", idempotent: false, load: .light, summary: "Keeps one event; also as a notification.")
    package static let tail = Method<TailEvents, TailedEvents>(
        "logger.tail", idempotent: true, load: .light, summary: "The newest events, oldest first.")
    package static let flush = Method<NoParams, LogFlushed>(
        "logger.flush", idempotent: true, load: .light, summary: "Brings all accepted events to where they are kept.")
}

/// The kinds of event that the pipeline itself logs; others are accepted too.
package enum EventType {
    package static let segmentGeneration = "segment_generation"
    package static let mediaConvertJob = "mediaconvert_job"
    package static let finalVideo = "final_video"
    package static let costBreakdown = "cost_breakdown"
}

package struct LogEvent: Codable, Sendable {
    /// `[a-z0-9_.]{1,64}`.
    package var eventType: String
    /// A JSON object.
    package var data: JSONValue
    /// The time of arrival if absent.
    package var timestamp: Timestamp?
    /// The log stream; the service's default if absent.
    package var stream: String?

    package init(eventType: String, data: JSONValue, timestamp: Timestamp? = nil, stream: String? = nil) {
        self.eventType = eventType
        self.data = data
        self.timestamp = timestamp
        self.stream = stream
    }

    private enum CodingKeys: String, CodingKey {
        case data, timestamp, stream
        case eventType = "event_type"
    }
}

package struct LogAccepted: Codable, Sendable {
    package var accepted: Bool

    package init(accepted: Bool) {
        self.accepted = accepted
    }
}

package struct TailEvents: Codable, Sendable {
    /// Only events whose `data.job_id` is this.
    package var jobID: String?
    package var eventType: String?
    /// 1 to 10,000; 100 if absent.
    package var limit: Int?

    package init(jobID: String? = nil, eventType: String? = nil, limit: Int? = nil) {
        self.jobID = jobID
        self.eventType = eventType
        self.limit = limit
    }

    private enum CodingKeys: String, CodingKey {
        case limit
        case jobID = "job_id"
        case eventType = "event_type"
    }
}

package struct TailedEvents: Codable, Sendable {
    package var events: [LoggedEvent]

    package init(events: [LoggedEvent]) {
        self.events = events
    }
}

/// One event as it is kept.
package struct LoggedEvent: Codable, Sendable {
    package var timestamp: Timestamp
    package var eventType: String
    package var data: JSONValue

    package init(timestamp: Timestamp, eventType: String, data: JSONValue) {
        self.timestamp = timestamp
        self.eventType = eventType
        self.data = data
    }

    private enum CodingKeys: String, CodingKey {
        case timestamp, data
        case eventType = "event_type"
    }
}

package struct LogFlushed: Codable, Sendable {
    /// Events accepted and not yet delivered.
    package var pending: Int
    /// Events delivered since the service started.
    package var delivered: Int
    /// Events lost since the service started.
    package var dropped: Int

    package init(pending: Int, delivered: Int, dropped: Int) {
        self.pending = pending
        self.delivered = delivered
        self.dropped = dropped
    }
}
