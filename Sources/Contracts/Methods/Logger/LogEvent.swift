// SPDX-License-Identifier: Apache-2.0

package import JSON

/// The parameters of `logger.log`.
package struct LogEvent: Codable, Sendable {
    /// The type of the event: `[a-z0-9_.]{1,64}`.
    package var eventType: String
    /// The content of the event, a JSON object.
    package var data: JSONValue
    /// When the event happened; the time of arrival if absent.
    package var timestamp: Timestamp?
    /// The log stream in CloudWatch; the job's stream of this instance if absent.
    package var stream: String?

    /// Creates an event.
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

/// The result of `logger.log`.
package struct LogAccepted: Codable, Sendable {
    /// Whether the event was accepted; `accepted` on the wire.
    package var isAccepted: Bool

    /// Creates a result.
    package init(isAccepted: Bool) {
        self.isAccepted = isAccepted
    }

    private enum CodingKeys: String, CodingKey {
        case isAccepted = "accepted"
    }
}
