// SPDX-License-Identifier: Apache-2.0

import Contracts

/// A job's row in the job store, without its events.
struct JobRow: Sendable {
    /// Grows with each new job.
    var number: Int64
    var spec: JobSpec
    var createdAt: Timestamp
    var state: JobState
}

/// An event with its time.
struct RecordedEvent: Sendable {
    var at: Timestamp
    var event: JobEvent
}

/// A job with all its events, in order.
struct JobHistory: Sendable {
    var row: JobRow
    var events: [RecordedEvent]
}
