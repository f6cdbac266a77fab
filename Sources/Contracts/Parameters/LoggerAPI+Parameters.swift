// SPDX-License-Identifier: Apache-2.0

import JSON
package import Parameters

extension LogEvent: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<LogEvent>] = [
        .text("event_type", { $0.eventType }, LogBounds.eventType, "The kind of event."),
        .value("data", "The content of the event.", schema: ["type": "object"]),
        .value(
            "timestamp", "When it happened; the time of arrival if absent.",
            schema: ["type": "string", "format": "date-time"]),
        .value("stream", "The log stream in CloudWatch; the job's stream of this instance if absent."),
    ]
}

extension TailEvents: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<TailEvents>] = [
        .text("job_id", { $0.jobID }, LogBounds.name, "Only events whose data.job_id is this."),
        .text("event_type", { $0.eventType }, LogBounds.name, "Only events of this type."),
        .number("limit", { $0.limit }, LogBounds.page, "The largest number of events; the newest are returned."),
    ]
}
