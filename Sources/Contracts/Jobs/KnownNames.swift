/// How names that this version does not know are read: what another version wrote of one agent, attempt or stage must not make the
/// whole of a view or receipt unreadable.
extension KeyedDecodingContainer {
    /// The agents that are known; others are left out.
    func decode(_ type: [Agent: AgentView].Type, forKey key: Key) throws -> [Agent: AgentView] {
        let views = try decode([String: AgentView].self, forKey: key)
        let known = views.compactMap { name, view in Agent(rawValue: name).map { ($0, view) } }
        return Dictionary(known) { first, _ in first }
    }

    /// An agent; `nil` for one that is not known, or none.
    func decodeIfPresent(_ type: Agent.Type, forKey key: Key) throws -> Agent? {
        try decodeIfPresent(String.self, forKey: key).flatMap(Agent.init(rawValue:))
    }

    /// The attempts whose agent and kind are known; others are left out.
    func decode(_ type: [Attempt].Type, forKey key: Key) throws -> [Attempt] {
        try decode([KnownNames<Attempt>].self, forKey: key).compactMap(\.value)
    }

    /// The stages that are known; others are left out.
    func decode(_ type: [StageTime].Type, forKey key: Key) throws -> [StageTime] {
        try decode([KnownNames<StageTime>].self, forKey: key).compactMap(\.value)
    }

    /// The candidates of agents that are known; others are left out.
    func decodeIfPresent(_ type: [Candidate].Type, forKey key: Key) throws -> [Candidate]? {
        try decodeIfPresent([KnownNames<Candidate>].self, forKey: key)?.compactMap(\.value)
    }
}

/// A value, or `nil` where one of its names is not known. Everything else that is wrong with it is an error.
private struct KnownNames<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws {
        do {
            value = try Value(from: decoder)
        } catch DecodingError.dataCorrupted(let context) where Self.isName(context.codingPath.last) {
            value = nil
        }
    }

    private static func isName(_ key: (any CodingKey)?) -> Bool {
        ["agent", "work", "stage"].contains(key?.stringValue)
    }
}
