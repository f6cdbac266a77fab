// SPDX-License-Identifier: Apache-2.0

/// Decodes lists that may contain names of another version. An unknown agent, kind of attempt or stage is left out, so that it does
/// not make a whole view or receipt unreadable.
extension KeyedDecodingContainer {
    /// Decodes the views of known agents.
    func decode(_ type: [Agent: AgentView].Type, forKey key: Key) throws -> [Agent: AgentView] {
        let views = try decode([String: AgentView].self, forKey: key)
        let known = views.compactMap { name, view in Agent(rawValue: name).map { ($0, view) } }
        return Dictionary(known) { first, _ in first }
    }

    /// Decodes an agent; `nil` if it is unknown, null or absent.
    func decodeIfPresent(_ type: Agent.Type, forKey key: Key) throws -> Agent? {
        try decodeIfPresent(String.self, forKey: key).flatMap(Agent.init(rawValue:))
    }

    /// Decodes the attempts with a known agent and kind.
    func decode(_ type: [Attempt].Type, forKey key: Key) throws -> [Attempt] {
        try decode([KnownNames<Attempt>].self, forKey: key).compactMap(\.value)
    }

    /// Decodes the known stages.
    func decode(_ type: [StageTime].Type, forKey key: Key) throws -> [StageTime] {
        try decode([KnownNames<StageTime>].self, forKey: key).compactMap(\.value)
    }

    /// Decodes the candidates of known agents; `nil` if they are null or absent.
    func decodeIfPresent(_ type: [Candidate].Type, forKey key: Key) throws -> [Candidate]? {
        try decodeIfPresent([KnownNames<Candidate>].self, forKey: key)?.compactMap(\.value)
    }
}

/// A value, or `nil` if one of its names is unknown. Any other fault is an error.
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
