// SPDX-License-Identifier: Apache-2.0

/// The elements of an array that is being decoded.
struct TextUnkeyedContainer: UnkeyedDecodingContainer {
    let codingPath: [any CodingKey]
    private let elements: [TextNode]
    private(set) var currentIndex = 0

    /// - Throws: `DecodingError` if the value is not an array.
    init(_ node: TextNode, at path: [any CodingKey]) throws {
        guard node.kind == .array else { throw node.mismatch([JSONValue].self, at: path) }
        var elements: [TextNode] = []
        var scanner = JSONScanner(node.bytes, at: node.range.lowerBound)
        try scanner.elements { (scanner) throws(JSONScanner.SyntaxError) in
            elements.append(try TextNode(next: &scanner, of: node.bytes))
        }
        codingPath = path
        self.elements = elements
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    /// The coding path of the next element.
    private var path: [any CodingKey] { codingPath + [ElementKey(currentIndex)] }

    /// Decodes the next element, which stays the next one if this fails.
    private mutating func next<T>(_ type: Any.Type, _ body: (TextNode, [any CodingKey]) throws -> T) throws -> T {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, DecodingError.Context(codingPath: path, debugDescription: "the array has no more elements"))
        }
        let value = try body(elements[currentIndex], path)
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex].kind == .null else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try next(type) { try $0.bool(at: $1) } }
    mutating func decode(_ type: String.Type) throws -> String { try next(type) { try $0.string(at: $1) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try next(type) { try $0.double(at: $1) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try next(type) { Float(try $0.double(at: $1)) } }
    mutating func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T {
        try next(type) { try $0.integer(type, at: $1) }
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next(type) { try $0.decode(type, at: $1) } }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next(JSONValue.self) { try TextDecoder(node: $0, codingPath: $1).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next(JSONValue.self) { try TextDecoder(node: $0, codingPath: $1).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try next(JSONValue.self) { TextDecoder(node: $0, codingPath: $1) }
    }
}
