// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Encodes a value into a node.
struct NodeEncoder: Encoder {
    let node: EncodedNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object = node.content {} else { node.content = .object([]) }
        return KeyedEncodingContainer(NodeKeyedContainer<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array = node.content {} else { node.content = .array([]) }
        return NodeUnkeyedContainer(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        NodeSingleValueContainer(node: node, codingPath: codingPath)
    }
}

extension EncodedNode {
    /// Encodes a value of any type into this node.
    func encode<T: Encodable>(_ value: T, at path: @autoclosure () -> [any CodingKey]) throws {
        // Types are compared, since a cast takes longer than encoding a short text.
        if T.self == String.self, let text = value as? String {
            content = .value(.string(text))
        } else if T.self == JSONValue.self, let tree = value as? JSONValue {
            content = .value(tree)
        } else if T.self == Date.self || T.self == Data.self || T.self == URL.self || T.self == Decimal.self {
            // Foundation's encoder has its own forms of these.
            let text = try JSONEncoder().encode([value])
            content = .value(try JSONValue(parsing: text).array?.first ?? .null)
        } else {
            try value.encode(to: NodeEncoder(node: self, codingPath: path()))
            // A value that encodes nothing is an empty object.
            if case .none = content { content = .object([]) }
        }
    }

    func encode(double value: Double, at path: @autoclosure () -> [any CodingKey]) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value,
                EncodingError.Context(codingPath: path(), debugDescription: "\(value) cannot be written in JSON"))
        }
        content = .value(.number(value))
    }

    func encode(integer value: some BinaryInteger, at path: @autoclosure () -> [any CodingKey]) throws {
        guard let whole = Int64(exactly: value) else {
            throw EncodingError.invalidValue(
                value,
                EncodingError.Context(codingPath: path(), debugDescription: "\(value) does not fit 64 bits"))
        }
        content = .value(.integer(whole))
    }
}

/// The place of a value without a name.
private struct NodeSingleValueContainer: SingleValueEncodingContainer {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    func encodeNil() { node.content = .value(.null) }
    func encode(_ value: Bool) { node.content = .value(.bool(value)) }
    func encode(_ value: String) { node.content = .value(.string(value)) }
    func encode(_ value: Double) throws { try node.encode(double: value, at: codingPath) }
    func encode(_ value: Float) throws { try node.encode(double: Double("\(value)") ?? Double(value), at: codingPath) }
    func encode<T: BinaryInteger & Encodable>(_ value: T) throws { try node.encode(integer: value, at: codingPath) }
    func encode<T: Encodable>(_ value: T) throws { try node.encode(value, at: codingPath) }
}
