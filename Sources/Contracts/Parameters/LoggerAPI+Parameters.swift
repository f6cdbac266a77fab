import JSON
package import Parameters

extension LogEvent: Described {
    package static let parameters: [Parameter<LogEvent>] = [
        .text("event_type", { $0.eventType }, LogBounds.eventType, "The kind of event."),
        .value("data", "What happened.", schema: ["type": "object"]),
        .value(
            "timestamp", "When it happened; the time of arrival if absent.",
            schema: ["type": "string", "format": "date-time"]),
        .value("stream", "The log stream in CloudWatch; the job's on this instance if absent."),
    ]
}

extension TailEvents: Described {
    package static let parameters: [Parameter<TailEvents>] = [
        .text("job_id", { $0.jobID }, LogBounds.name, "Only events whose data.job_id is this."),
        .text("event_type", { $0.eventType }, LogBounds.name, "Only events of this type."),
        .number("limit", { $0.limit }, LogBounds.page, "How many events at most, the newest."),
    ]
}
