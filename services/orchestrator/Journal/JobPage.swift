import Contracts

/// A page of jobs, newest first: their ids, and the views of those at their end.
struct JobPage: Sendable {
    var jobs: [(id: String, view: JobView?)] = []
    /// Of the views as they are stored.
    var bytes = 0
    /// Whether there are older jobs.
    var hasMore = false
}
