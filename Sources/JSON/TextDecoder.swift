// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Decodes a value from its text.
struct TextDecoder: Decoder {
    let node: TextNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try TextKeyedContainer<Key>(node, at: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try TextUnkeyedContainer(node, at: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        TextSingleValueContainer(node: node, codingPath: codingPath)
    }
}

/// A value without a name.
private struct TextSingleValueContainer: SingleValueDecodingContainer {
    let node: TextNode
    let codingPath: [any CodingKey]

    func decodeNil() -> Bool { node.kind == .null }
    func decode(_ type: Bool.Type) throws -> Bool { try node.bool(at: codingPath) }
    func decode(_ type: String.Type) throws -> String { try node.string(at: codingPath) }
    func decode(_ type: Double.Type) throws -> Double { try node.double(at: codingPath) }
    func decode(_ type: Float.Type) throws -> Float { Float(try node.double(at: codingPath)) }
    func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T {
        try node.integer(type, at: codingPath)
    }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try node.decode(type, at: codingPath) }
}

extension TextNode {
    /// Decodes the value as any type.
    ///
    /// - Throws: `DecodingError` with the coding path of what is wrong.
    func decode<T: Decodable>(_ type: T.Type, at path: @autoclosure () -> [any CodingKey]) throws -> T {
        // Types are compared, since a cast takes longer than decoding a short text.
        if type == String.self {
            if let text = try string(at: path()) as? T { return text }
        } else if type == JSONValue.self {
            if let value = try value(at: path()) as? T { return value }
        } else if type == Date.self || type == Data.self || type == URL.self || type == Decimal.self {
            // Foundation's decoder has its own forms of these.
            return try JSONDecoder().decode(T.self, from: Data(bytes[range]))
        }
        return try T(from: TextDecoder(node: self, codingPath: path()))
    }
}
