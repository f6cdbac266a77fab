// SPDX-License-Identifier: Apache-2.0

/// The members of an object that is being encoded.
struct NodeKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    /// Adds a member.
    private func member(_ key: Key) -> EncodedNode {
        let member = EncodedNode()
        node.append(key.stringValue, member)
        return member
    }

    func encodeNil(forKey key: Key) { member(key).content = .value(.null) }
    func encode(_ value: Bool, forKey key: Key) { member(key).content = .value(.bool(value)) }
    func encode(_ value: String, forKey key: Key) { member(key).content = .value(.string(value)) }
    func encode(_ value: Double, forKey key: Key) throws {
        try member(key).encode(double: value, at: codingPath + [key])
    }
    func encode(_ value: Float, forKey key: Key) throws {
        try member(key).encode(double: Double("\(value)") ?? Double(value), at: codingPath + [key])
    }
    func encode<T: BinaryInteger & Encodable>(_ value: T, forKey key: Key) throws {
        try member(key).encode(integer: value, at: codingPath + [key])
    }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try member(key).encode(value, at: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        NodeEncoder(node: member(key), codingPath: codingPath + [key]).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        NodeEncoder(node: member(key), codingPath: codingPath + [key]).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        let superNode = EncodedNode()
        node.append("super", superNode)
        return NodeEncoder(node: superNode, codingPath: codingPath)
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        NodeEncoder(node: member(key), codingPath: codingPath + [key])
    }
}
