// SPDX-License-Identifier: Apache-2.0

package import JSON

/// The parameters of `agent.process`.
package struct AgentRequest: Codable, Sendable {
    /// The service that is called, such as `agent5`.
    package var agent: String
    /// The job's id.
    package var jobID: String
    /// The user's id.
    package var userID: String
    /// The session's id.
    package var sessionID: String
    /// The supersession's id; absent if the job has none.
    package var supersessionID: String?
    /// The whole storyboard as it was read; `null` for the agent that writes it.
    package var storyboard: JSONValue
    /// The narrations by segment.
    package var audio: [AgentAudio]
    /// The artifact URI of the folder that all output is written to.
    package var outputPrefix: String
    /// The options of the job.
    package var options: JobOptions?
    /// The `pipeline_data` that the job was started with; only for the agents before the lead.
    package var pipelineData: JSONValue?
    /// The ids of the segments to make a clip for, each on its own; a film of the whole storyboard if absent.
    package var segments: [String]?
    /// Identifies this call: a call repeated with the same key, because its reply was lost, returns the same result.
    package var idempotencyKey: String?

    /// Creates a request without an idempotency key.
    package init(
        agent: String, jobID: String, userID: String, sessionID: String, supersessionID: String? = nil,
        storyboard: JSONValue, audio: [AgentAudio], outputPrefix: String, options: JobOptions? = nil,
        pipelineData: JSONValue? = nil, segments: [String]? = nil
    ) {
        self.agent = agent
        self.jobID = jobID
        self.userID = userID
        self.sessionID = sessionID
        self.supersessionID = supersessionID
        self.storyboard = storyboard
        self.audio = audio
        self.outputPrefix = outputPrefix
        self.options = options
        self.pipelineData = pipelineData
        self.segments = segments
    }

    private enum CodingKeys: String, CodingKey {
        case agent, storyboard, audio, options, segments
        case jobID = "job_id"
        case userID = "user_id"
        case sessionID = "session_id"
        case supersessionID = "supersession_id"
        case outputPrefix = "output_prefix"
        case pipelineData = "pipeline_data"
        case idempotencyKey = "idempotency_key"
    }
}

/// The narration of one segment.
package struct AgentAudio: Codable, Sendable {
    /// The segment's id.
    package var segmentID: String
    /// The artifact URI of the narration.
    package var audio: String

    /// Creates the narration of a segment.
    package init(segmentID: String, audio: String) {
        self.segmentID = segmentID
        self.audio = audio
    }

    private enum CodingKeys: String, CodingKey {
        case audio
        case segmentID = "segment_id"
    }
}
