/// What each agent has cost so far. `{"Agent2":0.01,"Agent4":0.05,"Agent5":0.15,"Agent6":0.042,"total":0.252}`.
package struct Costs: Sendable, Equatable {
    package var agent2 = USD.zero
    package var agent4 = USD.zero
    package var agent5 = USD.zero
    package var agent6 = USD.zero

    package init() {}

    /// By the agent's name, `Agent5`; nothing for others.
    package subscript(agent: String) -> USD {
        get {
            switch agent {
            case "Agent2": agent2
            case "Agent4": agent4
            case "Agent5": agent5
            case "Agent6": agent6
            default: .zero
            }
        }
        set {
            switch agent {
            case "Agent2": agent2 = newValue
            case "Agent4": agent4 = newValue
            case "Agent5": agent5 = newValue
            case "Agent6": agent6 = newValue
            default: break
            }
        }
    }

    package var total: USD { agent2 + agent4 + agent5 + agent6 }

    /// `Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.15 | Agent6: $0.12 | Total: $0.33`
    package var line: String {
        "Agent2: \(agent2.text) | Agent4: \(agent4.text) | Agent5: \(agent5.text) | Agent6: \(agent6.text)"
            + " | Total: \(total.text)"
    }
}

extension Costs: Codable {
    private enum CodingKeys: String, CodingKey {
        case agent2 = "Agent2"
        case agent4 = "Agent4"
        case agent5 = "Agent5"
        case agent6 = "Agent6"
        case total
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        agent2 = try container.decodeIfPresent(USD.self, forKey: .agent2) ?? .zero
        agent4 = try container.decodeIfPresent(USD.self, forKey: .agent4) ?? .zero
        agent5 = try container.decodeIfPresent(USD.self, forKey: .agent5) ?? .zero
        agent6 = try container.decodeIfPresent(USD.self, forKey: .agent6) ?? .zero
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(agent2, forKey: .agent2)
        try container.encode(agent4, forKey: .agent4)
        try container.encode(agent5, forKey: .agent5)
        try container.encode(agent6, forKey: .agent6)
        try container.encode(total, forKey: .total)
    }
}
