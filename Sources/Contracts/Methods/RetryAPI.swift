/// Runs a job again.
package struct RetryJob: Codable, Sendable {
    package var jobID: String
    /// `failed` if absent; the segments of `edits` where there are any.
    package var only: RetrySelection?
    /// What is different now, by segment id; these segments are made anew.
    package var edits: [String: SegmentEdit]?

    package init(jobID: String, only: RetrySelection? = nil, edits: [String: SegmentEdit]? = nil) {
        self.jobID = jobID
        self.only = only
        self.edits = edits
    }

    private enum CodingKeys: String, CodingKey {
        case only, edits
        case jobID = "job_id"
    }
}

/// What a user changes about one segment.
package struct SegmentEdit: Codable, Sendable, Equatable {
    /// What the picture shows, in place of the storyboard's `visual_guidance`; 1 to 32,000 characters.
    package var prompt: String?
    /// The artifact URI of a picture in the store that takes the still's place.
    package var image: String?

    package init(prompt: String? = nil, image: String? = nil) {
        self.prompt = prompt
        self.image = image
    }
}

/// Lets the lead make clips in place of the understudy's.
package struct UpgradeJob: Codable, Sendable {
    package var jobID: String
    /// All segments that Agent6 made if absent.
    package var segments: [String]?
    /// What the lead's clips may cost in all; it is told so, and nothing is begun without it.
    package var confirmCost: USD

    package init(jobID: String, segments: [String]? = nil, confirmCost: USD) {
        self.jobID = jobID
        self.segments = segments
        self.confirmCost = confirmCost
    }

    private enum CodingKeys: String, CodingKey {
        case segments
        case jobID = "job_id"
        case confirmCost = "confirm_cost_usd"
    }
}
