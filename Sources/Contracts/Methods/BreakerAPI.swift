/// Asks for a breaker, or moves it by hand.
package struct BreakerRequest: Codable, Sendable {
    /// `agent5`, `agent2`, `agent4`, or `imagegen/` and the name of an image provider.
    package var agent: String
    /// `get` if absent.
    package var action: BreakerAction?

    package init(agent: String, action: BreakerAction? = nil) {
        self.agent = agent
        self.action = action
    }
}

/// Asks `imagegen` for the breaker of an image provider, or sets it by hand.
package struct ProviderBreakerRequest: Codable, Sendable {
    /// One of `imagegen.providers`.
    package var provider: String
    /// `get` if absent.
    package var action: BreakerAction?

    package init(provider: String, action: BreakerAction? = nil) {
        self.provider = provider
        self.action = action
    }
}

/// What is done to a breaker.
package enum BreakerAction: String, Codable, Sendable, CaseIterable {
    /// Nothing: only look.
    case get
    /// Nobody is called until `reset`.
    case open
    /// Every call goes through until `reset`, whatever fails.
    case close
    /// Closed, without any failure, and by itself again.
    case reset

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let action = BreakerAction(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "one of \(known), found \"\(name.prefix(100))\"")
        }
        self = action
    }
}

/// Whether an agent is called at this moment.
package enum BreakerState: String, Codable, Sendable, CaseIterable {
    /// It is.
    case closed
    /// It is not: it failed too often in a row, or somebody said so.
    case open
    /// One job probes whether it is well again; the others go without it.
    case halfOpen = "half_open"
}

/// A breaker as others see it.
package struct BreakerView: Codable, Sendable, Equatable {
    package var agent: String
    package var state: BreakerState
    /// Whether it is held by hand.
    package var forced: Bool
    /// When it came into this state.
    package var since: Timestamp
    /// Failures in a row.
    package var failures: Int
    /// When the next job probes; present while it is open by itself.
    package var probesAt: Timestamp?

    package init(
        agent: String, state: BreakerState, forced: Bool, since: Timestamp, failures: Int, probesAt: Timestamp?
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
