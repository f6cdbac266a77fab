// SPDX-License-Identifier: Apache-2.0

/// The members of an object that is being decoded.
struct TextKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    /// Objects with more members are searched by hash.
    private static var scanned: Int { 16 }

    let codingPath: [any CodingKey]
    private let bytes: UnsafeBufferPointer<UInt8>
    private let members: [(name: Range<Int>, node: TextNode)]
    /// The positions in `members` by name; empty if there are few.
    private let positions: [String: Int]

    /// - Throws: `DecodingError` if the value is not an object.
    init(_ node: TextNode, at path: [any CodingKey]) throws {
        guard node.kind == .object else { throw node.mismatch([String: JSONValue].self, at: path) }
        let bytes = node.bytes
        var members: [(name: Range<Int>, node: TextNode)] = []
        var scanner = JSONScanner(bytes, at: node.range.lowerBound)
        try scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
            members.append((name, try TextNode(next: &scanner, of: bytes)))
        }
        var positions: [String: Int] = [:]
        if members.count > Self.scanned {
            for (position, member) in members.enumerated() {
                guard let name = JSONScanner(bytes).string(member.name), positions[name] == nil else { continue }
                positions[name] = position
            }
        }
        codingPath = path
        self.bytes = bytes
        self.members = members
        self.positions = positions
    }

    var allKeys: [Key] {
        members.compactMap { JSONScanner(bytes).string($0.name).flatMap { Key(stringValue: $0) } }
    }

    /// The value of a member. If a name is repeated, the first value is used.
    private func find(_ key: any CodingKey) -> TextNode? {
        var name = key.stringValue
        if !positions.isEmpty { return positions[name].map { members[$0].node } }
        let scanner = JSONScanner(bytes)
        return name.withUTF8 { wanted in
            members.first { scanner.name($0.name, is: wanted) }?.node
        }
    }

    private func member(_ key: any CodingKey) throws -> TextNode {
        guard let node = find(key) else {
            throw DecodingError.keyNotFound(
                key, DecodingError.Context(codingPath: codingPath, debugDescription: "no member \(key.stringValue)"))
        }
        return node
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try member(key).kind == .null }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try member(key).bool(at: codingPath + [key]) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try member(key).string(at: codingPath + [key])
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try member(key).double(at: codingPath + [key])
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        Float(try member(key).double(at: codingPath + [key]))
    }
    func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try member(key).integer(type, at: codingPath + [key])
    }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try member(key).decode(type, at: codingPath + [key])
    }

    private func decoder(_ key: any CodingKey) throws -> TextDecoder {
        TextDecoder(node: try member(key), codingPath: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(SuperKey()) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

/// The member of a superclass.
private struct SuperKey: CodingKey {
    var stringValue: String { "super" }
    var intValue: Int? { nil }

    init() {}
    init?(stringValue: String) { return nil }
    init?(intValue: Int) { return nil }
}
