// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Testing

/// `JSONCoding.encode` writes what Foundation's encoder writes.
@Suite(.timeLimit(.minutes(1))) struct JSONEncodingTests {
    private static let foundation = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    /// Expects the same text from both encoders.
    private func expectSame(_ value: some Encodable, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let own = String(decoding: try JSONCoding.encode(value), as: UTF8.self)
        let expected = String(decoding: try Self.foundation.encode(value), as: UTF8.self)
        #expect(own == expected, sourceLocation: sourceLocation)
    }

    private struct Leaf: Encodable {
        var name = "leaf"
        var missing: Int?
        var flag = true
    }

    private class Base: Encodable {
        let inherited = 1
    }

    private final class Derived: Base {
        let own = "x"

        private enum Keys: CodingKey { case own }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(own, forKey: .own)
            try super.encode(to: container.superEncoder())
        }
    }

    private enum Choice: Encodable {
        case none
        case one(Int)
        case named(first: String, second: [Leaf])
    }

    /// Writes nested containers by hand.
    private struct Nested: Encodable {
        private enum Keys: CodingKey { case list, object, null, again }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            try list.encodeNil()
            try list.encode(1.5)
            var inner = list.nestedUnkeyedContainer()
            try inner.encode(Leaf())
            var object = list.nestedContainer(keyedBy: Keys.self)
            try object.encode("in a list", forKey: .object)
            try Leaf().encode(to: list.superEncoder())
            var nested = container.nestedContainer(keyedBy: Keys.self, forKey: .object)
            try nested.encode([1, 2], forKey: .list)
            try container.encodeNil(forKey: .null)
            try container.encode(1, forKey: .again)
            try container.encode(2, forKey: .again)
        }
    }

    private struct Nothing: Encodable {
        func encode(to encoder: any Encoder) {}
    }

    @Test
    func `structures, classes, enumerations and containers of any depth`() throws {
        try expectSame(Leaf())
        try expectSame([Leaf(), Leaf(name: "", missing: 3, flag: false)])
        try expectSame(["b": Leaf(), "a": Leaf(), "ä": Leaf(), "Z": Leaf(), "": Leaf()])
        try expectSame([3: "three", 1: "one", 20: "twenty"])
        try expectSame(Derived())
        try expectSame([Choice.none, .one(7), .named(first: "a", second: [Leaf()])])
        try expectSame(Nested())
        try expectSame(["a": Nothing()])
        try expectSame([[[String]]]())
        try expectSame([String: Int]())
        try expectSame([nil, 1, nil] as [Int?])
        try expectSame(["x": nil, "y": "z"] as [String: String?])
    }

    @Test
    func `numbers of every type and size`() throws {
        try expectSame([
            0.0, -0.0, 1, -1, 0.1, 1e-7, 1e15, 1e16, 1e21, 1e22, 1e300, -2.5e-300, .pi, .leastNonzeroMagnitude,
        ])
        try expectSame([Float(0.1), 3.4e38, 1, 1e-10])
        try expectSame([Int.min, -1, 0, 1, Int.max])
        try expectSame([Int8.min, .max])
        try expectSame([Int16.min, .max])
        try expectSame([Int32.min, .max])
        try expectSame([UInt8.max, 0])
        try expectSame([UInt16.max, 0])
        try expectSame([UInt32.max, 0])
        try expectSame([UInt64(Int64.max), 0])
        try expectSame([Decimal(string: "12.345"), 0])
        for value in [Double.nan, .infinity, -.infinity] {
            let error = #expect(throws: EncodingError.self) { try JSONCoding.encode(["x": [1, value]]) }
            guard case .invalidValue(_, let context)? = error else { continue }
            #expect(context.codingPath.map(\.stringValue) == ["x", "Index 1"])
        }
        #expect(throws: EncodingError.self) { try JSONCoding.encode([UInt64.max]) }
    }

    @Test
    func `text with every character that is escaped, at every position of a word`() throws {
        let special =
            (0..<0x80).map { String(Unicode.Scalar(UInt8($0))) } + ["\u{2028}", "é", "日本", "👩‍👩‍👧", "\u{7F}", "\u{FFFF}"]
        for text in special {
            for length in 0..<10 {
                let padding = String(repeating: "x", count: length)
                try expectSame([padding + text + padding, text + padding, padding + text])
            }
        }
        try expectSame([String(repeating: "a\"b\\c/d\n", count: 1000): String(repeating: "x", count: 70_000)])
    }

    @Test
    func `values at the top level, dates, data and addresses`() throws {
        try expectSame("text")
        try expectSame(1)
        try expectSame(true)
        try expectSame(Optional<Int>.none)
        try expectSame([Date(timeIntervalSinceReferenceDate: 12.5)])
        try expectSame(["data": Data([1, 2, 3])])
        try expectSame([URL(string: "https://example.com/a?b=c")])
    }

    @Test
    func `trees are written as they are, in any depth of other values`() throws {
        let tree: JSONValue = ["b": [1, 2.5, nil, true, "x"], "a": [:], "c": []]
        try expectSame(tree)
        try expectSame([tree, tree])
        try expectSame(["t": tree])
        let text = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let deep = try JSONCoding.decode(JSONValue.self, from: Data(text.utf8))
        #expect(String(decoding: try JSONCoding.encode(deep), as: UTF8.self) == text)
    }
}
