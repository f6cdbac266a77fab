package import Calls
package import JSON

/// `logger`: what happened, for those who come later.
package enum LoggerAPI {
    /// The log group in CloudWatch where none is configured.
    package static let group = "/pipeline/agent6"

    package static let log = Method<LogEvent, LogAccepted>(
        "logger.log", of: .logger, idempotent: false, load: .light, summary: "Keeps one event; also as a notification.")
    package static let tail = Method<TailEvents, TailedEvents>(
        "logger.tail", of: .logger, idempotent: true, load: .light, summary: "The newest events, oldest first.")
    package static let flush = Method<NoParams, LogFlushed>(
        "logger.flush", of: .logger, idempotent: true, load: .light,
        summary: "Brings all accepted events to where they are kept.")
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
    /// The log stream in CloudWatch; the job's on this instance if absent.
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
    /// `true` where older events were left out because the call had searched or found as many bytes as one call may.
    package var isCut: Bool?

    package init(events: [LoggedEvent], isCut: Bool? = nil) {
        self.events = events
        self.isCut = isCut
    }

    private enum CodingKeys: String, CodingKey {
        case events
        case isCut = "cut"
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

/// What became of the events that one sink was given since the service started.
package struct SinkCounts: Codable, Sendable, Equatable {
    /// Accepted and not yet delivered; those of earlier runs too.
    package var pending: Int
    package var delivered: Int
    /// Lost: the sink could not keep them, or will never take them.
    package var dropped: Int
    /// Bytes that are kept for delivery, where there is a spool.
    package var spoolBytes: Int?
    /// Why nothing is delivered at the moment.
    package var trouble: String?

    package init(pending: Int, delivered: Int, dropped: Int, spoolBytes: Int? = nil, trouble: String? = nil) {
        self.pending = pending
        self.delivered = delivered
        self.dropped = dropped
        self.spoolBytes = spoolBytes
        self.trouble = trouble
    }

    private enum CodingKeys: String, CodingKey {
        case pending, delivered, dropped, trouble
        case spoolBytes = "spool_bytes"
    }
}

/// Of all sinks together: an event of two sinks counts twice.
package struct LogFlushed: Codable, Sendable {
    /// Events accepted and not yet delivered.
    package var pending: Int
    /// Events delivered since the service started.
    package var delivered: Int
    /// Events lost since the service started.
    package var dropped: Int
    /// By the sink's name, `file` or `cloudwatch`.
    package var sinks: [String: SinkCounts]?

    package init(sinks: [String: SinkCounts]) {
        self.sinks = sinks
        pending = sinks.values.reduce(0) { $0 + $1.pending }
        delivered = sinks.values.reduce(0) { $0 + $1.delivered }
        dropped = sinks.values.reduce(0) { $0 + $1.dropped }
    }
}
