package import Calls
package import JSON

/// `orchestrator`: jobs, from a storyboard to a film.
package enum OrchestratorAPI {
    package static let start = Method<StartJob, StartedJob>(
        "orchestrator.start", of: .orchestrator, idempotent: false, load: .light,
        summary: "Starts a job: the chain's agents, Agent5, and Agent6 when Agent5 fails.")
    package static let runAgent5 = Method<StartJob, StartedJob>(
        "orchestrator.run_agent5", of: .orchestrator, idempotent: false, load: .light,
        summary: "Starts a job whose inputs are already there: Agent5 with its fallback only.")
    package static let agent6 = Method<StartJob, Agent6Result>(
        "agent6.process", of: .orchestrator, idempotent: false,
        summary: "The fallback alone; replies when the film is done, with status messages as progress.")
    package static let status = Method<JobStatus, JobView>(
        "orchestrator.status", of: .orchestrator, idempotent: true, load: .light, summary: "One job.")
    package static let list = Method<ListJobs, JobList>(
        "orchestrator.list", of: .orchestrator, idempotent: true, load: .light, summary: "Jobs, newest first.")
    package static let receipt = Method<JobReference, Receipt>(
        "orchestrator.receipt", of: .orchestrator, idempotent: true, load: .light,
        summary: "The takeover receipt of a job.")
    package static let watch = Method<WatchJobs, WatchSnapshot>(
        "orchestrator.watch", of: .orchestrator, idempotent: true, load: .light,
        summary: "A snapshot, then a notification orchestrator.event for each status message until cancelled.")
    package static let cancel = Method<JobReference, JobStateResult>(
        "orchestrator.cancel", of: .orchestrator, idempotent: true, load: .light,
        summary: "Cancels a job and the work under it.")
    package static let retry = Method<RetryJob, JobStateResult>(
        "orchestrator.retry", of: .orchestrator, idempotent: false, load: .light,
        summary: "Runs a job again, with changed segments if wanted; what is finished is kept.")
    package static let upgrade = Method<UpgradeJob, JobStateResult>(
        "orchestrator.upgrade", of: .orchestrator, idempotent: false, load: .light,
        summary: "Lets Agent5 make clips in place of the understudy's stills of a finished film.")

    package static let breaker = Method<BreakerRequest, BreakerView>(
        "orchestrator.breaker", of: .orchestrator, idempotent: true, load: .light,
        summary: "Whether an agent or image provider is called at this moment; opens, closes or resets by hand.")

    /// The notification that carries a `StatusMessage` to those who watch.
    package static let event = "orchestrator.event"
}

package struct StartJob: Codable, Sendable {
    package var userID: String
    package var sessionID: String
    package var supersessionID: String?
    /// What the agents before made, where it is not in the store: `{"storyboard": {...}, "audio": {"seg_001": "file:///..."}}`.
    package var pipelineData: JSONValue?
    package var options: JobOptions?
    /// The same key gives the same job.
    package var idempotencyKey: String?
    /// Whether all artifacts that the call names must be in the store or in what `UNDERSTUDY_ALLOW_PATHS` lists. The page sets it
    /// on every call that it passes on.
    package var confined: Bool?

    package init(
        userID: String, sessionID: String, supersessionID: String? = nil, pipelineData: JSONValue? = nil,
        options: JobOptions? = nil, idempotencyKey: String? = nil, confined: Bool? = nil
    ) {
        self.confined = confined
        self.userID = userID
        self.sessionID = sessionID
        self.supersessionID = supersessionID
        self.pipelineData = pipelineData
        self.options = options
        self.idempotencyKey = idempotencyKey
    }

    private enum CodingKeys: String, CodingKey {
        case options, confined
        case userID = "user_id"
        case sessionID = "session_id"
        case supersessionID = "supersession_id"
        case pipelineData = "pipeline_data"
        case idempotencyKey = "idempotency_key"
    }
}

package struct StartedJob: Codable, Sendable {
    package var jobID: String
    package var state: JobState
    /// Whether the job was there before, by its idempotency key.
    package var existing: Bool

    package init(jobID: String, state: JobState, existing: Bool) {
        self.jobID = jobID
        self.state = state
        self.existing = existing
    }

    private enum CodingKeys: String, CodingKey {
        case state, existing
        case jobID = "job_id"
    }
}

package struct Agent6Result: Codable, Sendable {
    package var jobID: String
    /// The artifact URI of the film.
    package var videoURL: String
    package var cost: USD
    package var segments: [SegmentView]

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

package struct JobReference: Codable, Sendable {
    package var jobID: String

    package init(jobID: String) {
        self.jobID = jobID
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
    }
}

package struct JobStatus: Codable, Sendable {
    package var jobID: String
    /// Whether segments come with their `visual_guidance`, as far as all of it goes into a line; true if absent.
    package var guidance: Bool?

    package init(jobID: String, guidance: Bool? = nil) {
        self.jobID = jobID
        self.guidance = guidance
    }

    private enum CodingKeys: String, CodingKey {
        case guidance
        case jobID = "job_id"
    }
}

package struct JobStateResult: Codable, Sendable {
    package var state: JobState

    package init(state: JobState) {
        self.state = state
    }
}

package struct ListJobs: Codable, Sendable {
    package var state: JobState?
    /// 1 to 1,000; 50 if absent.
    package var limit: Int?
    /// The last job of the page before.
    package var after: String?

    package init(state: JobState? = nil, limit: Int? = nil, after: String? = nil) {
        self.state = state
        self.limit = limit
        self.after = after
    }
}

package struct JobList: Codable, Sendable {
    package var jobs: [JobView]
    /// What to pass as `after` for the next page; absent at the end.
    package var next: String?

    package init(jobs: [JobView], next: String?) {
        self.jobs = jobs
        self.next = next
    }
}

package struct WatchJobs: Codable, Sendable {
    /// One job; all jobs if absent.
    package var jobID: String?
    /// Send the messages after this number that are still known first, without gap or repeat.
    package var afterSeq: Int?

    package init(jobID: String? = nil, afterSeq: Int? = nil) {
        self.jobID = jobID
        self.afterSeq = afterSeq
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case afterSeq = "after_seq"
    }
}

package struct WatchSnapshot: Codable, Sendable {
    /// The number of the newest message that the snapshot contains.
    package var seq: Int
    package var jobs: [JobView]

    package init(seq: Int, jobs: [JobView]) {
        self.seq = seq
        self.jobs = jobs
    }
}

/// `"failed"`, `"all"` or a list of segment ids.
package enum RetrySelection: Codable, Sendable, Equatable {
    case failed
    case all
    case segments([String])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let ids = try? container.decode([String].self) {
            self = .segments(ids)
            return
        }
        switch try? container.decode(String.self) {
        case "failed": self = .failed
        case "all": self = .all
        default:
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"failed\", \"all\" or an array of segment ids")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .failed: try container.encode("failed")
        case .all: try container.encode("all")
        case .segments(let ids): try container.encode(ids)
        }
    }
}
