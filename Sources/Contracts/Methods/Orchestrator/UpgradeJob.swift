// SPDX-License-Identifier: Apache-2.0

/// The parameters of `orchestrator.upgrade`.
package struct UpgradeJob: Codable, Sendable {
    /// The job's id.
    package var jobID: String
    /// The ids of the segments to replace; all segments that Agent6 made if absent.
    package var segments: [String]?
    /// The budget of the lead's clips, which the lead receives. Required, so that no upgrade starts without it.
    package var confirmCost: USD

    /// Creates a request.
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
