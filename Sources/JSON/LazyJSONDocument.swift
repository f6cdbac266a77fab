// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Synchronization

/// The document that a decoder reads, parsed into a `JSONValue` when a member of that type is first decoded.
///
/// Without it, `JSONValue` would have to try one type after the other at each node. The decoder builds an error description for every
/// failed attempt, which costs milliseconds per kilobyte.
final class LazyJSONDocument: Sendable {
    static let key = CodingUserInfoKey(rawValue: "understudy.json-tree")

    private let text: Data
    private let root = Mutex<Result<JSONValue, any Error>?>(nil)

    init(_ text: Data) {
        self.text = text
    }

    /// The value at a coding path.
    ///
    /// - Returns: `nil` if the document has no value at `path`.
    /// - Throws: `DecodingError` if the text is not valid JSON.
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
