import Contracts

/// Events of one job and all that they caused.
struct JournalEntry: Sendable {
    var spec: JobSpec
    /// Of the lease under which it is written.
    var fence: Int64
    /// The number of the first event.
    var number: Int
    var events: [JobEvent]
    var at: Timestamp
    var drafts: [StatusDraft] = []
    /// Present if it changed.
    var state: JobState?
    /// The job as it is shown from now on, at its end.
    var view: JobView?
    /// What else is shown of the job, at its end.
    var result: JobResult?
}
