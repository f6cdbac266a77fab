// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What an encoder has written at one place of a document: nothing yet, a value, or the parts of an array or an object.
///
/// Foundation's encoder examines a text byte by byte, which took a third of a server's time for calls with 64 KiB of text.
final class EncodedNode {
    enum Content {
        case none
        case value(JSONValue)
        case array([EncodedNode])
        case object([(name: String, node: EncodedNode)])
    }

    var content = Content.none

    init(_ content: Content = .none) {
        self.content = content
    }

    /// Adds an element to an array.
    func append(_ node: EncodedNode) {
        guard case .array(var elements) = content else { return }
        content = .none
        elements.append(node)
        content = .array(elements)
    }

    /// Adds a member to an object. If a name is repeated, the last value is written.
    func append(_ name: String, _ node: EncodedNode) {
        guard case .object(var members) = content else { return }
        content = .none
        members.append((name, node))
        content = .object(members)
    }

    var count: Int {
        if case .array(let elements) = content { elements.count } else { 0 }
    }
}

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
    func encode(_ value: Int) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: Int8) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: Int16) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: Int32) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: Int64) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: UInt) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: UInt8) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: UInt16) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: UInt32) throws { try node.encode(integer: value, at: codingPath) }
    func encode(_ value: UInt64) throws { try node.encode(integer: value, at: codingPath) }
    func encode<T: Encodable>(_ value: T) throws { try node.encode(value, at: codingPath) }
}
