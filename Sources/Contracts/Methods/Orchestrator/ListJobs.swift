// SPDX-License-Identifier: Apache-2.0

/// The parameters of `orchestrator.list`.
package struct ListJobs: Codable, Sendable {
    /// Only jobs in this state; all jobs if absent.
    package var state: JobState?
    /// The largest number of jobs on the page, 1 to 1,000; 50 if absent. A page of large jobs is shorter.
    package var limit: Int?
    /// The `next` of the page before; the first page if absent.
    package var after: String?

    /// Creates a request.
    package init(state: JobState? = nil, limit: Int? = nil, after: String? = nil) {
        self.state = state
        self.limit = limit
        self.after = after
    }
}

/// The result of `orchestrator.list`.
package struct JobList: Codable, Sendable {
    /// The jobs, newest first.
    package var jobs: [JobView]
    /// The `after` of the next page; absent on the last page.
    package var next: String?

    /// Creates a page.
    package init(jobs: [JobView], next: String?) {
        self.jobs = jobs
        self.next = next
    }
}
