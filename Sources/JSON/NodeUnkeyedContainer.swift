// SPDX-License-Identifier: Apache-2.0

/// The elements of an array that is being encoded.
struct NodeUnkeyedContainer: UnkeyedEncodingContainer {
    let node: EncodedNode
    let codingPath: [any CodingKey]
    var count: Int { node.count }

    /// The coding path of the next element.
    private var path: [any CodingKey] { codingPath + [ElementKey(count)] }

    /// Adds an element.
    private func element() -> EncodedNode {
        let element = EncodedNode()
        node.append(element)
        return element
    }

    func encodeNil() { element().content = .value(.null) }
    func encode(_ value: Bool) { element().content = .value(.bool(value)) }
    func encode(_ value: String) { element().content = .value(.string(value)) }
    func encode(_ value: Double) throws {
        try element().encode(double: value, at: codingPath + [ElementKey(count - 1)])
    }
    func encode(_ value: Float) throws {
        try element().encode(double: Double("\(value)") ?? Double(value), at: codingPath + [ElementKey(count - 1)])
    }
    func encode<T: BinaryInteger & Encodable>(_ value: T) throws {
        try element().encode(integer: value, at: codingPath + [ElementKey(count - 1)])
    }
    func encode<T: Encodable>(_ value: T) throws {
        try element().encode(value, at: codingPath + [ElementKey(count - 1)])
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        let path = self.path
        return NodeEncoder(node: element(), codingPath: path).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let path = self.path
        return NodeEncoder(node: element(), codingPath: path).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        let path = self.path
        return NodeEncoder(node: element(), codingPath: path)
    }
}
