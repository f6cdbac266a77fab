import Contracts

/// What is known of a job without folding its events.
struct JobRow: Sendable {
    var number: Int64
    var spec: JobSpec
    var createdAt: Timestamp
    var state: JobState
}

/// An event with its moment.
struct RecordedEvent: Sendable {
    var at: Timestamp
    var event: JobEvent
}

/// A job with all its events.
struct JobHistory: Sendable {
    var row: JobRow
    var events: [RecordedEvent]
}
