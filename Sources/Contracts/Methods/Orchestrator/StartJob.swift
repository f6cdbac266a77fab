// SPDX-License-Identifier: Apache-2.0

package import JSON

/// The parameters of `orchestrator.start`, `orchestrator.run_agent5`, `orchestrator.estimate` and `agent6.process`.
package struct StartJob: Codable, Sendable {
    /// The user's id, the first folder of the session's files.
    package var userID: String
    /// The session's id, the second folder of the session's files.
    package var sessionID: String
    /// The supersession's id, passed on in status messages; absent if there is none.
    package var supersessionID: String?
    /// The output of the agents before, if it is not in the artifact store: `{"storyboard": {...}, "audio": {"seg_001":
    /// "file:///..."}}`.
    package var pipelineData: JSONValue?
    /// The options of the job.
    package var options: JobOptions?
    /// Identifies this call: a call repeated with the same key returns the same job.
    package var idempotencyKey: String?
    /// Whether all artifacts that the call names must be in the artifact store or in a path of
    /// `UNDERSTUDY_ALLOW_PATHS`. The page sets it on every call that it forwards. `confined` on the wire.
    package var isConfined: Bool?

    /// Creates a request.
    package init(
        userID: String, sessionID: String, supersessionID: String? = nil, pipelineData: JSONValue? = nil,
        options: JobOptions? = nil, idempotencyKey: String? = nil, isConfined: Bool? = nil
    ) {
        self.isConfined = isConfined
        self.userID = userID
        self.sessionID = sessionID
        self.supersessionID = supersessionID
        self.pipelineData = pipelineData
        self.options = options
        self.idempotencyKey = idempotencyKey
    }

    private enum CodingKeys: String, CodingKey {
        case options
        case isConfined = "confined"
        case userID = "user_id"
        case sessionID = "session_id"
        case supersessionID = "supersession_id"
        case pipelineData = "pipeline_data"
        case idempotencyKey = "idempotency_key"
    }
}

/// The result of `orchestrator.start` and `orchestrator.run_agent5`.
package struct StartedJob: Codable, Sendable {
    /// The job's id.
    package var jobID: String
    /// The state of the job.
    package var state: JobState
    /// Whether an earlier call with the same idempotency key started the job; `existing` on the wire.
    package var isExisting: Bool

    /// Creates a result.
    package init(jobID: String, state: JobState, isExisting: Bool) {
        self.jobID = jobID
        self.state = state
        self.isExisting = isExisting
    }

    private enum CodingKeys: String, CodingKey {
        case state
        case isExisting = "existing"
        case jobID = "job_id"
    }
}

/// The result of `agent6.process`.
package struct Agent6Result: Codable, Sendable {
    /// The job's id.
    package var jobID: String
    /// The artifact URI of the film.
    package var videoURL: String
    /// What the film cost.
    package var cost: USD
    /// The segments in the film's order.
    package var segments: [SegmentView]

    /// Creates a result.
    package init(jobID: String, videoURL: String, cost: USD, segments: [SegmentView]) {
        self.jobID = jobID
        self.videoURL = videoURL
        self.cost = cost
        self.segments = segments
    }

    private enum CodingKeys: String, CodingKey {
        case segments
        case jobID = "job_id"
        case videoURL = "video_url"
        case cost = "cost_usd"
    }
}
