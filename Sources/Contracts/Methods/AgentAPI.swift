package import Calls
package import Faults
package import JSON

/// What an agent of the chain answers to: the lead `agent5`, and `agent2` and `agent4` where they run as services.
package enum AgentAPI {
    package static let process = Method<AgentRequest, AgentResult>(
        "agent.process", of: .agent5, idempotent: false, settlement: .seconds(5),
        requestLimit: StoryboardBounds.request,
        summary: "Does the agent's part of a job.")
}

package struct AgentRequest: Codable, Sendable {
    /// `agent5`, ...
    package var agent: String
    package var jobID: String
    package var userID: String
    package var sessionID: String
    package var supersessionID: String?
    /// The whole storyboard as it was read; `null` for an agent that is to write it.
    package var storyboard: JSONValue
    package var audio: [AgentAudio]
    /// The artifact URI of the folder that all outputs go into.
    package var outputPrefix: String
    package var options: JobOptions?
    /// What the job was started with; only for the agents before the lead.
    package var pipelineData: JSONValue?
    /// Clips of these segments are wanted, each for itself; a film of the whole storyboard if absent.
    package var segments: [String]?
    /// Names this call: one that is made again after its reply was lost brings the same reply.
    package var idempotencyKey: String?

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
    package var segmentID: String
    /// The artifact URI of the narration.
    package var audio: String

    package init(segmentID: String, audio: String) {
        self.segmentID = segmentID
        self.audio = audio
    }

    private enum CodingKeys: String, CodingKey {
        case audio
        case segmentID = "segment_id"
    }
}

package struct AgentResult: Codable, Sendable {
    /// The artifact URI of the whole film, where the agent makes one.
    package var video: String?
    /// The clips that it made, or why it did not, by segment.
    package var clips: [AgentClip]
    package var cost: USD
    /// What was spent beside `cost` on orders that brought nothing; absent if nothing was.
    package var wasted: USD?
    /// What orders may have cost of which no answer says whether the provider took them; absent if there were none.
    package var unknown: USD?
    /// What the operator should know of orders, though the call succeeded; absent if there is nothing.
    package var warnings: [String]?
    /// The job that the agent thinks it worked on, where it says so.
    package var jobID: String?

    package init(video: String? = nil, clips: [AgentClip] = [], cost: USD = .zero) {
        self.video = video
        self.clips = clips
        self.cost = cost
    }

    private enum CodingKeys: String, CodingKey {
        case video, clips, warnings
        case cost = "cost_usd"
        case wasted = "wasted_usd"
        case unknown = "unknown_usd"
        case jobID = "job_id"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        clips = []
        cost = try container.decodeIfPresent(USD.self, forKey: .cost) ?? .zero
        wasted = try container.decodeIfPresent(USD.self, forKey: .wasted)
        unknown = try container.decodeIfPresent(USD.self, forKey: .unknown)
        warnings = try? container.decodeIfPresent([String].self, forKey: .warnings)
        do {
            video = try container.decodeIfPresent(String.self, forKey: .video)
            clips = try container.decodeIfPresent([AgentClip].self, forKey: .clips) ?? []
            jobID = try container.decodeIfPresent(String.self, forKey: .jobID)
        } catch let error as DecodingError {
            let reason = ServiceError.invalidParams(from: error).message
            throw refused(
                ServiceError(
                    .internal, "\(AgentAPI.process.name) answered something else than it promises: \(reason)"))
        }
    }

    /// What one answer may cost; other amounts are not believed.
    package static let costs = USD.zero...USD(1_000_000)

    /// An error in place of this answer: what the answer cost was spent for nothing.
    package func refused(_ error: ServiceError) -> ServiceError {
        func believed(_ cost: USD?) -> USD { cost.flatMap { Self.costs.contains($0) ? $0 : nil } ?? .zero }
        var error = error
        error.wasted = believed(cost) + believed(wasted)
        error.unknown = believed(unknown)
        return error
    }
}

package struct AgentClip: Codable, Sendable {
    package var segmentID: String
    /// The artifact URI of the clip; absent where there is an error.
    package var clip: String?
    package var error: ServiceError?

    package init(segmentID: String, clip: String? = nil, error: ServiceError? = nil) {
        self.segmentID = segmentID
        self.clip = clip
        self.error = error
    }

    private enum CodingKeys: String, CodingKey {
        case clip, error
        case segmentID = "segment_id"
    }
}
