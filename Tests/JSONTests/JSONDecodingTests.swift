// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Testing

/// `JSONCoding.decode` reads what Foundation's decoder reads, and its errors have the same coding paths.
@Suite(.timeLimit(.minutes(1))) struct JSONDecodingTests {
    /// Expects the same value from both decoders.
    private func expectSame<Value: Decodable & Equatable>(
        _ type: Value.Type, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let own = try JSONCoding.decode(type, from: Data(text.utf8))
        #expect(try own == JSONDecoder().decode(type, from: Data(text.utf8)), sourceLocation: sourceLocation)
    }

    /// Expects that both decoders throw the same kind of error for the same place.
    private func expectSameError<Value: Decodable>(
        _ type: Value.Type, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        func failure(_ decode: () throws -> Value) -> String {
            do {
                return "\(try decode())"
            } catch let error as DecodingError {
                func path(_ context: DecodingError.Context) -> String {
                    context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "/")
                }
                switch error {
                case .typeMismatch(_, let context): return "type at \(path(context))"
                case .valueNotFound(_, let context): return "null at \(path(context))"
                case .keyNotFound(let key, let context): return "missing \(key.stringValue) at \(path(context))"
                case .dataCorrupted(let context): return "corrupt at \(path(context))"
                @unknown default: return "\(error)"
                }
            } catch {
                return "\(error)"
            }
        }
        let data = Data(text.utf8)
        #expect(
            failure { try JSONCoding.decode(type, from: data) }
                == failure { try JSONDecoder().decode(type, from: data) },
            sourceLocation: sourceLocation)
    }

    private struct Leaf: Codable, Equatable {
        var name: String
        var size: Int?
        var ratio: Double?
        var flag: Bool?
    }

    private struct Branch: Codable, Equatable {
        var leaves: [Leaf]
        var byName: [String: Leaf]
        var byNumber: [Int: String]
        var matrix: [[Int8]]
        var kind: Kind
        var choice: Choice
        var optionals: [Int?]
    }

    private enum Kind: String, Codable { case one, two }

    private enum Choice: Codable, Equatable {
        case none
        case pair(first: Int, second: String)
    }

    private class Base: Decodable {
        let inherited: Int
    }

    private final class Derived: Base {
        let own: String

        private enum Keys: CodingKey { case own }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            own = try container.decode(String.self, forKey: .own)
            try super.init(from: container.superDecoder())
        }
    }

    private static let branch = #"""
        {"leaves":[{"name":"a","size":1},{"name":"\u00e4\n\"","size":null,"ratio":0.1,"flag":true}],
         "byName":{"x":{"name":"1"},"ü/~":{"name":"2"}},"byNumber":{"1":"one","22":"two"},
         "matrix":[[],[1,-128],[127]],"kind":"two","choice":{"pair":{"first":3,"second":"s"}},"optionals":[1,null,3]}
        """#

    @Test
    func `structures, dictionaries, arrays, enumerations and optionals`() throws {
        try expectSame(Branch.self, Self.branch)
        try expectSame(Leaf.self, #" { "unknown" : {"deep":[1,{"a":[]}]} , "name" : "n" } "#)
        try expectSame(Choice.self, #"{"none":{}}"#)
        try expectSame([String: [String: Int]].self, #"{"a":{},"b":{"c":1}}"#)
        let derived = try JSONCoding.decode(Derived.self, from: Data(#"{"own":"x","super":{"inherited":4}}"#.utf8))
        #expect(derived.own == "x" && derived.inherited == 4)
    }

    @Test
    func `an object with many members is read whole, and of a repeated name the first value counts`() throws {
        let members = (0..<500).map { "\"key \($0)\":\($0)" }.joined(separator: ",")
        try expectSame([String: Int].self, "{\(members)}")
        let few = Data(#"{"size":1,"name":"first","name":"second"}"#.utf8)
        #expect(try JSONCoding.decode(Leaf.self, from: few).name == "first")
        let many = Data("{\(members),\"name\":\"first\",\"name\":\"second\"}".utf8)
        #expect(try JSONCoding.decode(Leaf.self, from: many).name == "first")
    }

    @Test
    func `names with escapes, and of other scripts`() throws {
        try expectSame(Leaf.self, #"{"n\u0061me":"escaped","s\u0069ze":7}"#)
        try expectSame([String: String].self, #"{"名前":"値","\u540d":"x","":"empty","a\"b":"quoted"}"#)
    }

    @Test
    func `numbers of every type, in every form`() throws {
        for text in ["0", "-1", "127", "1.0", "1e2", "12e0"] {
            try expectSame([Int].self, "[\(text)]")
            try expectSame([Double].self, "[\(text)]")
            try expectSame([Float].self, "[\(text)]")
        }
        try expectSame([UInt8].self, "[0,255]")
        try expectSame([Int64].self, "[9223372036854775807,-9223372036854775808]")
        try expectSame([Double].self, "[0.1,1e-7,123456789.125,-0.0,5e-324,1.7976931348623157e308]")
        for text in ["256", "-1", "1.5", "\"1\"", "true", "null", "[]", "{}", "1e999"] {
            #expect(throws: DecodingError.self) { try JSONCoding.decode([UInt8].self, from: Data("[\(text)]".utf8)) }
        }
    }

    @Test
    func `texts`() throws {
        try expectSame([String].self, #"["","plain","\t\r\n\b\f\/\\\"","\ud83d\ude00","é","\u0000"]"#)
        try expectSame([String].self, "[\"\(String(repeating: "x", count: 70_000))\\n\"]")
        try expectSame(String.self, "\"alone\"")
        #expect(try JSONCoding.decode([Bool].self, from: Data("\u{FEFF}[true,false]".utf8)) == [true, false])
    }

    @Test
    func `dates, data and URLs as Foundation reads them`() throws {
        try expectSame([Date].self, "[0,1.5]")
        try expectSame([Data].self, #"["aGVsbG8="]"#)
        try expectSame([URL].self, #"["file:///a%20b"]"#)
        try expectSame([Decimal].self, "[0.1,12345]")
    }

    @Test
    func `errors name the place`() throws {
        for text in [
            #"{}"#, #"{"name":1}"#, #"{"name":null}"#, #"{"name":"x","size":"1"}"#, #"{"name":"x","size":[]}"#,
            #"{"name":"x","flag":1}"#, #"{"name":"x","ratio":"0"}"#, "[]", "null", "1", "\"x\"",
        ] {
            try expectSameError(Leaf.self, text)
            try expectSameError([Leaf].self, "[{\"name\":\"x\"},\(text)]")
            try expectSameError([String: [Leaf]].self, "{\"a\":[],\"b\":[\(text)]}")
        }
        try expectSameError(Kind.self, "\"three\"")
        try expectSameError(Branch.self, Self.branch.replacing("[1,-128]", with: "[1,\"x\"]"))
        try expectSameError(Branch.self, Self.branch.replacing("\"second\":\"s\"", with: "\"third\":\"s\""))
        for text in ["", "{", "[1,]", "{\"name\" \"x\"}", "[1] 2", "nul", "[01]", "[\"\u{1}\"]"] {
            do {
                let value = try JSONCoding.decode([Int].self, from: Data(text.utf8))
                Issue.record("\(text) is decoded as \(value)")
            } catch DecodingError.dataCorrupted(let context) {
                #expect(context.codingPath.isEmpty && context.debugDescription.hasPrefix("not JSON at byte "))
            }
        }
    }

    @Test
    func `any value inside a structure`() throws {
        struct Holder: Codable, Equatable {
            var value: JSONValue
            var more: [String: JSONValue]
        }
        let text = #"{"value":{"a":[1,2.5,null,{"b":"c"}]},"more":{"x":true,"y":[]}}"#
        let holder = try JSONCoding.decode(Holder.self, from: Data(text.utf8))
        #expect(holder.value == ["a": [1, 2.5, nil, ["b": "c"]]])
        #expect(holder.more == ["x": true, "y": []])
        #expect(try JSONDecoder().decode(Holder.self, from: Data(text.utf8)) == holder)
    }

    @Test
    func `text that is not UTF-8, or nested too deeply, is rejected`() throws {
        #expect(throws: DecodingError.self) {
            try JSONCoding.decode([String].self, from: Data([0x5B, 0x22, 0xFF, 0x22, 0x5D]))
        }
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: DecodingError.self) { try JSONCoding.decode([String].self, from: Data(deep.utf8)) }
        let hidden = "{\"name\":\"x\",\"unknown\":\(deep)}"
        #expect(throws: DecodingError.self) { try JSONCoding.decode(Leaf.self, from: Data(hidden.utf8)) }
    }
}
