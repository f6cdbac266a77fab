import FoundationEssentials
import Synchronization

/// The text that a decoder reads, as one `JSONValue` that is parsed when a member of that type is first asked for.
///
/// Without it a `JSONValue` would have to ask the decoder for one type after the other at each of its nodes, and the decoder
/// describes every refusal: milliseconds per kilobyte.
final class JSONTree: Sendable {
    static let key = CodingUserInfoKey(rawValue: "understudy.json-tree")

    private let text: Data
    private let root = Mutex<Result<JSONValue, any Error>?>(nil)

    init(_ text: Data) {
        self.text = text
    }

    /// The value at a place of the text.
    ///
    /// - Returns: `nil` where the path leads nowhere.
    /// - Throws: `DecodingError` where the text is no JSON.
    func value(at path: [any CodingKey]) throws -> JSONValue? {
        var value: JSONValue? = try root.withLock { root in
            let parsed = root ?? Result { try JSONValue(parsing: text) }
            root = parsed
            return parsed
        }.get()
        for key in path {
            switch value {
            case .array(let elements)?:
                value = key.intValue.flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            case .object(let members)?: value = members[key.stringValue]
            default: return nil
            }
        }
        return value
    }
}
