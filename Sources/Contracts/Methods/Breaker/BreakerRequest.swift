// SPDX-License-Identifier: Apache-2.0

/// The parameters of `orchestrator.breaker`: returns or overrides the state of a breaker.
package struct BreakerRequest: Codable, Sendable {
    /// `agent5`, `agent2`, `agent4`, or `imagegen/` followed by the name of an image provider.
    package var agent: String
    /// What to do; `get` if absent.
    package var action: BreakerAction?

    /// Creates a request.
    package init(agent: String, action: BreakerAction? = nil) {
        self.agent = agent
        self.action = action
    }
}

/// The parameters of `imagegen.breaker`: returns or overrides the state of an image provider's breaker.
package struct ProviderBreakerRequest: Codable, Sendable {
    /// One of `imagegen.providers`.
    package var provider: String
    /// What to do; `get` if absent.
    package var action: BreakerAction?

    /// Creates a request.
    package init(provider: String, action: BreakerAction? = nil) {
        self.provider = provider
        self.action = action
    }
}

/// An operation on a breaker.
package enum BreakerAction: String, Codable, Sendable, CaseIterable {
    /// Returns the state and changes nothing.
    case get
    /// Forces the breaker open: no call is made until `reset`.
    case open
    /// Forces the breaker closed: every call is made until `reset`, whatever fails.
    case close
    /// Ends the override: the breaker is closed, with no failures counted.
    case reset

    /// Decodes an action.
    ///
    /// - Throws: `DecodingError.dataCorrupted` that lists the actions, for any other text.
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
