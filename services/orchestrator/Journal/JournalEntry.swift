// SPDX-License-Identifier: Apache-2.0

import Contracts

/// Events of one job and their effects, to be stored in one transaction.
struct JournalEntry: Sendable {
    var spec: JobSpec
    /// The fencing number of the lease.
    var fence: Int64
    /// The number of the first event.
    var number: Int
    var events: [JobEvent]
    /// The time of all events.
    var at: Timestamp
    /// The status messages that the events caused.
    var drafts: [StatusDraft] = []
    /// The job's new state; `nil` if it did not change.
    var state: JobState?
    /// The job's final view, if the events end it.
    var view: JobView?
    /// The job's result, if the events end it.
    var result: JobResult?
}
