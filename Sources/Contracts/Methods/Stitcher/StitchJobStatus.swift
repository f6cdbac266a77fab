// SPDX-License-Identifier: Apache-2.0

/// The parameters of `stitcher.job_status`.
package struct StitchJobReference: Codable, Sendable {
    /// The id of the MediaConvert job.
    package var jobID: String

    /// Creates a reference.
    package init(jobID: String) {
        self.jobID = jobID
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
    }
}

/// The result of `stitcher.job_status`.
package struct StitchJobStatus: Codable, Sendable {
    /// The status as MediaConvert reports it, such as `PROGRESSING`.
    package var status: String
    /// The completed share, 0 to 100.
    package var percent: Int
    /// Why the job failed; absent if it did not.
    package var error: String?

    /// Creates a status.
    package init(status: String, percent: Int, error: String? = nil) {
        self.status = status
        self.percent = percent
        self.error = error
    }
}
