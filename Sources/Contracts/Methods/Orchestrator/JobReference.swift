// SPDX-License-Identifier: Apache-2.0

/// The parameters of methods that need only a job's id.
package struct JobReference: Codable, Sendable {
    /// The job's id.
    package var jobID: String

    /// Creates a reference.
    package init(jobID: String) {
        self.jobID = jobID
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
    }
}

/// The parameters of `orchestrator.status`.
package struct JobStatus: Codable, Sendable {
    /// The job's id.
    package var jobID: String
    /// Whether segments include their `visual_guidance`, provided that all of it fits into one message; `true` if
    /// absent.
    package var guidance: Bool?

    /// Creates a request.
    package init(jobID: String, guidance: Bool? = nil) {
        self.jobID = jobID
        self.guidance = guidance
    }

    private enum CodingKeys: String, CodingKey {
        case guidance
        case jobID = "job_id"
    }
}

/// The result of methods that change the state of a job.
package struct JobStateResult: Codable, Sendable {
    /// The state of the job after the call.
    package var state: JobState

    /// Creates a result.
    package init(state: JobState) {
        self.state = state
    }
}
