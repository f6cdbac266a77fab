// SPDX-License-Identifier: Apache-2.0

/// The parameters of `orchestrator.watch`.
package struct WatchJobs: Codable, Sendable {
    /// The job's id; all jobs if absent.
    package var jobID: String?
    /// Send the stored messages with a higher sequence number first, without gaps or repeats; only new messages if
    /// absent.
    package var afterSeq: Int?

    /// Creates a request.
    package init(jobID: String? = nil, afterSeq: Int? = nil) {
        self.jobID = jobID
        self.afterSeq = afterSeq
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case afterSeq = "after_seq"
    }
}

/// The first reply of `orchestrator.watch`.
package struct WatchSnapshot: Codable, Sendable {
    /// The sequence number of the newest message that the snapshot includes.
    package var seq: Int
    /// The jobs as they are at that message.
    package var jobs: [JobView]

    /// Creates a snapshot.
    package init(seq: Int, jobs: [JobView]) {
        self.seq = seq
        self.jobs = jobs
    }
}
