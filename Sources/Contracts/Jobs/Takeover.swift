// SPDX-License-Identifier: Apache-2.0

package import Faults

/// Why the understudy took over.
package struct Takeover: Codable, Sendable {
    /// When the understudy took over.
    package var at: Timestamp
    /// The kind of the lead's failure.
    package var kind: ErrorKind
    /// The message of the lead's failure, from the lead or its provider.
    package var reason: String
    /// The provider that failed; absent if the failure names none.
    package var provider: String?
    /// `true` if the lead was not called because its breaker was open; absent otherwise. `breaker_open` on the wire.
    package var isBreakerOpen: Bool?

    /// Creates the reason of a takeover.
    package init(at: Timestamp, kind: ErrorKind, reason: String, provider: String?, isBreakerOpen: Bool? = nil) {
        self.at = at
        self.kind = kind
        self.reason = reason
        self.provider = provider
        self.isBreakerOpen = isBreakerOpen
    }

    private enum CodingKeys: String, CodingKey {
        case at, kind, reason, provider
        case isBreakerOpen = "breaker_open"
    }
}

/// A film, or clips, that the lead delivered too late.
package struct Candidate: Codable, Sendable {
    /// The lead.
    package var agent: Agent
    /// The artifact URI of the film; absent if the lead delivered clips.
    package var video: String?
    /// The clips; absent if the lead delivered a film.
    package var clips: [AgentClip]?
    /// What the lead charged.
    package var cost: USD
    /// When it was delivered.
    package var at: Timestamp

    /// Creates a candidate from its members.
    package init(agent: Agent, video: String?, clips: [AgentClip]?, cost: USD, at: Timestamp) {
        self.agent = agent
        self.video = video
        self.clips = clips
        self.cost = cost
        self.at = at
    }

    private enum CodingKeys: String, CodingKey {
        case agent, video, clips, at
        case cost = "cost_usd"
    }
}
