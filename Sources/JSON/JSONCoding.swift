// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Untrusted

/// Encodes and decodes all JSON of this project: members sorted, slashes unescaped, NaN and infinities rejected. Decoded text is made
/// stream-safe (`StreamSafeText`).
///
/// ```swift
/// let data = try JSONCoding.encode(health)
/// let health = try JSONCoding.decode(ServiceHealth.self, from: data)
/// ```
package enum JSONCoding {
    /// Encodes a value as one line of JSON, without a newline.
    ///
    /// - Throws: `EncodingError`.
    package static func encode<Value: Encodable>(_ value: Value) throws -> Data {
        let node = EncodedNode()
        try node.encode(value, at: [])
        var writer = JSONWriter()
        writer.write(node)
        return Data(writer.bytes)
    }

    /// Encodes a value as indented JSON for people to read.
    ///
    /// - Throws: `EncodingError`.
    package static func pretty(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Decodes a value from UTF-8 JSON text.
    ///
    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
        let data = streamSafe(data)
        if type == JSONValue.self, let value = try JSONValue(parsing: data) as? Value { return value }
        let decoder = JSONDecoder()
        if let key = LazyJSONDocument.key { decoder.userInfo[key] = LazyJSONDocument(data) }
        return try decoder.decode(type, from: data)
    }

    private static func streamSafe(_ text: Data) -> Data {
        text.withUnsafeBytes { raw in
            StreamSafeText.convert(raw.bindMemory(to: UInt8.self), readsEscapes: true)
        }.map { Data($0) } ?? text
    }

    /// Converts a value to another type with the same JSON representation.
    ///
    /// - Throws: `EncodingError` or `DecodingError`.
    package static func convert<Value: Decodable>(_ value: some Encodable, to type: Value.Type) throws -> Value {
        try decode(type, from: encode(value))
    }
}
