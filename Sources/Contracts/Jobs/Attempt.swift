// SPDX-License-Identifier: Apache-2.0

package import Faults

/// One attempt of one agent at one piece of work.
package struct Attempt: Codable, Sendable {
    /// The agent that made the attempt.
    package var agent: Agent
    /// The kind of work.
    package var work: AttemptKind
    /// The segment's id; absent for work on the whole film.
    package var segmentID: String?
    /// When the attempt started.
    package var startedAt: Timestamp
    /// When the attempt ended.
    package var endedAt: Timestamp?
    /// What the attempt cost, including what it wasted.
    package var cost: USD
    /// The price of the attempt's orders of which it is unknown whether the provider charged for them.
    package var unknown: USD?
    /// Why the attempt failed; absent if it succeeded.
    package var error: ServiceError?

    /// Creates an attempt. `unknown` is absent.
    package init(
        agent: Agent, work: AttemptKind, segmentID: String?, startedAt: Timestamp, endedAt: Timestamp?, cost: USD,
        error: ServiceError?
    ) {
        self.agent = agent
        self.work = work
        self.segmentID = segmentID
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.cost = cost
        self.error = error
    }

    private enum CodingKeys: String, CodingKey {
        case agent, work, error
        case segmentID = "segment_id"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case cost = "cost_usd"
        case unknown = "unknown_usd"
    }
}

/// The kind of work that an attempt was for. The raw value is the name on the wire.
package enum AttemptKind: String, Codable, Sendable, CaseIterable {
    /// The output of an agent before the lead: the storyboard or the narrations.
    case inputs
    /// The lead's film, or its clips.
    case film
    /// A still of the understudy; `image` on the wire.
    case still = "image"
    /// A clip of the understudy.
    case clip
    /// The narration of a clip.
    case narration
    /// The stitching of the film.
    case stitch
}
