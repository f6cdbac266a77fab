// SPDX-License-Identifier: Apache-2.0

/// What each agent has cost so far.
///
/// On the wire: `{"Agent2":0.01,"Agent4":0.05,"Agent5":0.15,"Agent6":0.042,"total":0.252}`.
package struct Costs: Sendable, Equatable {
    /// The cost of Agent2.
    package var agent2 = USD.zero
    /// The cost of Agent4.
    package var agent4 = USD.zero
    /// The cost of Agent5.
    package var lead = USD.zero
    /// The cost of Agent6.
    package var understudy = USD.zero

    /// Creates costs of zero.
    package init() {}

    /// The cost of an agent.
    package subscript(agent: Agent) -> USD {
        get {
            switch agent {
            case .agent2: agent2
            case .agent4: agent4
            case .lead: lead
            case .understudy: understudy
            }
        }
        set {
            switch agent {
            case .agent2: agent2 = newValue
            case .agent4: agent4 = newValue
            case .lead: lead = newValue
            case .understudy: understudy = newValue
            }
        }
    }

    /// The sum of the costs of all agents. It is encoded, and ignored when decoding.
    package var total: USD { agent2 + agent4 + lead + understudy }

    /// The cost line of the page: `Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.15 | Agent6: $0.12 | Total: $0.33`
    package var line: String {
        let agents = Agent.allCases.map { "\($0.name): \(self[$0].text)" }
        return (agents + ["Total: \(total.text)"]).joined(separator: " | ")
    }
}

extension Costs: Codable {
    private enum CodingKeys: String, CodingKey {
        case agent2 = "Agent2"
        case agent4 = "Agent4"
        case lead = "Agent5"
        case understudy = "Agent6"
        case total
    }

    /// Decodes costs; agents that are absent have cost nothing.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        agent2 = try container.decodeIfPresent(USD.self, forKey: .agent2) ?? .zero
        agent4 = try container.decodeIfPresent(USD.self, forKey: .agent4) ?? .zero
        lead = try container.decodeIfPresent(USD.self, forKey: .lead) ?? .zero
        understudy = try container.decodeIfPresent(USD.self, forKey: .understudy) ?? .zero
    }

    /// Encodes the costs of all agents and their total.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(agent2, forKey: .agent2)
        try container.encode(agent4, forKey: .agent4)
        try container.encode(lead, forKey: .lead)
        try container.encode(understudy, forKey: .understudy)
        try container.encode(total, forKey: .total)
    }
}
