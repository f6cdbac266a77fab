// SPDX-License-Identifier: Apache-2.0

import Calls
package import Faults

/// The result of `agent.process`.
package struct AgentResult: Codable, Sendable {
    /// The artifact URI of the whole film; absent if the agent made none.
    package var video: String?
    /// A clip, or the reason for its failure, for each segment of the request; empty if absent on the wire.
    package var clips: [AgentClip]
    /// What the call cost; zero if absent on the wire.
    package var cost: USD
    /// What was spent, beside `cost`, on orders without a usable result; absent if there is none.
    package var wasted: USD?
    /// The price of orders of which it is unknown whether the provider charged for them; absent if there are none.
    package var unknown: USD?
    /// What the operator should know about orders although the call succeeded; absent if there is nothing.
    package var warnings: [String]?
    /// The id of the job that the agent worked on; absent if it does not report one.
    package var jobID: String?

    /// Creates a result with its main members; the others are absent.
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

    /// Decodes a result.
    ///
    /// - Throws: `internal` with the reported costs for a result of the wrong shape, `DecodingError` for costs that
    ///   cannot be read.
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
            throw rejected(
                with: ServiceError(
                    .internal, "\(AgentAPI.process.name) replied with a result of the wrong shape: \(reason)"))
        }
    }

    /// The range of plausible costs of one call. Amounts outside of it are ignored.
    package static let plausibleCosts = USD.zero...USD(1_000_000)

    /// Returns `error` with the costs of this result, which is rejected: all of them are wasted.
    package func rejected(with error: ServiceError) -> ServiceError {
        func plausible(_ cost: USD?) -> USD { cost.flatMap { Self.plausibleCosts.contains($0) ? $0 : nil } ?? .zero }
        var error = error
        error.wasted = plausible(cost) + plausible(wasted)
        error.unknown = plausible(unknown)
        return error
    }
}

/// A clip of the lead, or why there is none.
package struct AgentClip: Codable, Sendable {
    /// The segment's id.
    package var segmentID: String
    /// The artifact URI of the clip; absent if there is an error.
    package var clip: String?
    /// Why the clip could not be made.
    package var error: ServiceError?

    /// Creates the clip of a segment.
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
