// SPDX-License-Identifier: Apache-2.0

/// The state of a breaker as clients see it.
package struct BreakerView: Codable, Sendable, Equatable {
    /// The name of the breaker, as in `BreakerRequest`.
    package var agent: String
    /// The state.
    package var state: BreakerState
    /// Whether an operator forced the state; `forced` on the wire.
    package var isForced: Bool
    /// When the breaker entered this state.
    package var since: Timestamp
    /// The number of consecutive failures.
    package var failures: Int
    /// When the next job probes; present only while the breaker is open and not forced.
    package var probesAt: Timestamp?

    /// Creates a view from its members.
    package init(
        agent: String, state: BreakerState, isForced: Bool, since: Timestamp, failures: Int, probesAt: Timestamp?
    ) {
        self.agent = agent
        self.state = state
        self.isForced = isForced
        self.since = since
        self.failures = failures
        self.probesAt = probesAt
    }

    private enum CodingKeys: String, CodingKey {
        case agent, state, since, failures
        case isForced = "forced"
        case probesAt = "probes_at"
    }
}

/// Whether calls are made to an agent or provider.
package enum BreakerState: String, Codable, Sendable, CaseIterable {
    /// Calls are made.
    case closed
    /// No calls are made: there were too many consecutive failures, or an operator forced it open.
    case open
    /// One job probes whether the agent has recovered; other jobs do not call it.
    case halfOpen = "half_open"
}
