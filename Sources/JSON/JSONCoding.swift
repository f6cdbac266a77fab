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
        return try data.withUnsafeBytes { text in
            let node = try JSONScanner.reading(text) { (bytes) throws(JSONScanner.SyntaxError) in
                try TextNode.document(bytes)
            }
            return try node.decode(type, at: [])
        }
    }

    /// Decodes a value from a part of a text that has been read already: JSON in UTF-8 without white space around it, stream-safe.
    ///
    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type = Value.self, fromPart text: UnsafeRawBufferPointer)
        throws -> Value
    {
        let bytes = text.bindMemory(to: UInt8.self)
        let node = try JSONScanner.reported { () throws(JSONScanner.SyntaxError) in try TextNode(whole: bytes) }
        return try node.decode(type, at: [])
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
