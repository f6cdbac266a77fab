package import JSONRPC

extension OrchestratorAPI {
    package static let breaker = Method<BreakerRequest, BreakerView>(
        "orchestrator.breaker", idempotent: true, load: .light,
        summary: "Shows an agent's breaker, or sets it by hand.")
}

package struct BreakerRequest: Codable, Sendable {
    /// `agent5`, or the name of an image provider.
    package var agent: String
    /// `get` if absent.
    package var action: BreakerAction?

    package init(agent: String, action: BreakerAction? = nil) {
        self.agent = agent
        self.action = action
    }
}

package enum BreakerAction: String, Codable, Sendable, CaseIterable {
    /// Only look.
    case get
    /// Keep calls away until `close` or `reset`.
    case open
    /// Let calls through until `open` or `reset`, whatever fails.
    case close
    /// Forget all failures, and let the failures decide again.
    case reset
}

package enum BreakerState: String, Codable, Sendable, CaseIterable {
    /// Calls go through.
    case closed
    /// Calls are kept away.
    case open
    /// One job is let through to see whether the agent is back.
    case halfOpen = "half_open"
}

/// Whether an agent is called at the moment.
package struct BreakerView: Codable, Sendable {
    package var agent: String
    package var state: BreakerState
    /// Whether somebody set it by hand.
    package var forced: Bool
    /// When it came into this state; absent where it never changed.
    package var since: Timestamp?
    /// Failures in a row.
    package var failures: Int
    /// When the next job is let through to try the agent; absent unless the breaker is open by failures.
    package var probesAt: Timestamp?

    package init(
        agent: String, state: BreakerState, forced: Bool, since: Timestamp?, failures: Int, probesAt: Timestamp?
    ) {
        self.agent = agent
        self.state = state
        self.forced = forced
        self.since = since
        self.failures = failures
        self.probesAt = probesAt
    }

    private enum CodingKeys: String, CodingKey {
        case agent, state, forced, since, failures
        case probesAt = "probes_at"
    }
}
