// SPDX-License-Identifier: Apache-2.0

package import JSON

/// The parameters of `logger.tail`.
package struct TailEvents: Codable, Sendable {
    /// Only events whose `data.job_id` is this; all jobs if absent.
    package var jobID: String?
    /// Only events of this type; all types if absent.
    package var eventType: String?
    /// The largest number of events, 1 to 10,000; 100 if absent.
    package var limit: Int?

    /// Creates a search.
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

/// The result of `logger.tail`.
package struct TailedEvents: Codable, Sendable {
    /// The events found, oldest first.
    package var events: [LoggedEvent]
    /// `true` if older events were left out because the search reached its limit of bytes; absent otherwise. `cut` on
    /// the wire.
    package var isCut: Bool?

    /// Creates a result.
    package init(events: [LoggedEvent], isCut: Bool? = nil) {
        self.events = events
        self.isCut = isCut
    }

    private enum CodingKeys: String, CodingKey {
        case events
        case isCut = "cut"
    }
}

/// One stored event.
package struct LoggedEvent: Codable, Sendable {
    /// When the event happened.
    package var timestamp: Timestamp
    /// The type of the event.
    package var eventType: String
    /// The content of the event, a JSON object.
    package var data: JSONValue

    /// Creates an event from its members.
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
