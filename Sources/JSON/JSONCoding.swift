package import FoundationEssentials
import Untrusted

/// The one way that values become JSON text and back: sorted members, slashes as they are, no NaN; texts are stream-safe
/// (`StreamSafeText`).
package enum JSONCoding {
    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    /// One line of JSON (no newline inside or at the end).
    package static func encode(_ value: some Encodable) throws -> Data { try encoder.encode(value) }

    /// JSON for people: indented, members sorted.
    package static func pretty(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
        let data = streamSafe(data)
        if type == JSONValue.self, let value = try JSONValue(parsing: data) as? Value { return value }
        let decoder = JSONDecoder()
        if let key = JSONTree.key { decoder.userInfo[key] = JSONTree(data) }
        return try decoder.decode(type, from: data)
    }

    private static func streamSafe(_ text: Data) -> Data {
        text.withUnsafeBytes { raw in
            StreamSafeText.convert(raw.bindMemory(to: UInt8.self), readsEscapes: true)
        }.map { Data($0) } ?? text
    }

    /// Recodes one value as another type that has the same JSON.
    package static func convert<Value: Decodable>(_ value: some Encodable, to type: Value.Type) throws -> Value {
        try decode(type, from: encode(value))
    }
}
