// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import JSON

/// Decodes by trying each type in turn, as `JSONValue` would without its own parser.
private enum Reference: Decodable, Equatable {
    case null, bool(Bool), integer(Int64), number(Double), string(String), array([Reference]), object(
        [String: Reference])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([Reference].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: Reference].self))
        }
    }

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .array(let values): self = .array(values.map(Reference.init))
        case .object(let members): self = .object(members.mapValues(Reference.init))
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct JSONParserTests {
    private struct Carrier: Codable {
        var before: Int
        var value: JSONValue
        var more: [JSONValue]?
    }

    @Test(arguments: [
        "0", "1", "-1", "1.0", "1e2", "1.5", "-0", "-0.0", "12345678901234567890", "9223372036854775807",
        "9223372036854775808", "9223372036854775807.0", "-9223372036854775808", "-9223372036854775809",
        "9007199254740993.0", "9007199254740993", "1e18", "1e19", "0.1e1", "1E+2", "1e-400", "123456789012345678.0",
        "1.00000000000000000001", "100000000000000000000e-2", "4.9e-324", "1.7976931348623157e308", "0.1", "1e-7",
        "123456.789", "0e5", "0.0e-3", "-1.5e3", "0e-9223372036854775808", "0.0e9223372036854775807",
        "1e-9223372036854775807", "0e-99999999999999999999",
    ])
    func `numbers are parsed like by Foundation's decoder`(_ text: String) throws {
        let expected = try JSONDecoder().decode(Reference.self, from: Data(text.utf8))
        #expect(Reference(try JSONValue(parsing: Data(text.utf8))) == expected)
        let nested = try JSONCoding.decode(Carrier.self, from: Data("{\"before\":1,\"value\":[\(text)]}".utf8))
        #expect(Reference(nested.value) == .array([expected]))
    }

    @Test(arguments: [
        #""""#, #""a""#, #""é\u00e9\n\t\"\\\/\b\f""#, #""\ud83d\ude00 x""#, #"{"a":{"b":[true,false,null]}}"#,
        " [ ] ",
        "{ }", "\u{FEFF}[1]", "\"\u{7F}\u{2028}\"", #"{"a":1,"b":2,"a":3}"#, #"[[],[[]],{"0":{"x":[]}}]"#,
    ])
    func `other values are parsed like by Foundation's decoder`(_ text: String) throws {
        let expected = try JSONDecoder().decode(Reference.self, from: Data(text.utf8))
        #expect(Reference(try JSONValue(parsing: Data(text.utf8))) == expected)
    }

    @Test(arguments: [
        "", " ", "[", "{", "[1 2]", "{\"a\" 1}", "01", "1.", ".5", "+1", "1e", "1e400", "-1e400", "nul", "tru",
        "\"", "\"\\x\"",
        "\"\\ud800\"", "\"a\u{1}\"", "[1] 2", "[1,]", "{\"a\":1,}", "NaN", "'a'", "\u{FEFF}", "//",
    ])
    func `invalid JSON is rejected`(_ text: String) {
        #expect(throws: DecodingError.self) { try JSONValue(parsing: Data(text.utf8)) }
    }

    @Test
    func `invalid UTF-8 is rejected`() {
        #expect(throws: DecodingError.self) { try JSONValue(parsing: Data([0x22, 0xFF, 0x22])) }
        #expect(throws: DecodingError.self) { try JSONValue(parsing: Data([0x22, 0xED, 0xA0, 0x80, 0x22])) }
    }

    @Test
    func `nesting beyond the maximum depth is rejected`() throws {
        func text(_ depth: Int) -> Data {
            Data((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONValue(parsing: text(JSONScanner.maximumDepth))
        #expect(throws: DecodingError.self) { try JSONValue(parsing: text(JSONScanner.maximumDepth + 1)) }
        #expect(throws: DecodingError.self) { try JSONValue(parsing: text(1_000_000)) }
    }

    @Test
    func `the first of repeated members is used, as for other types`() throws {
        let text = Data(#"{"before":1,"before":2,"value":{"a":1,"a":2},"value":3,"more":[1],"more":[2]}"#.utf8)
        let carrier = try JSONCoding.decode(Carrier.self, from: text)
        #expect(carrier.before == 1 && carrier.value == ["a": 1] && carrier.more == [1])
    }

    @Test
    func `values are decoded at any position of a type`() throws {
        struct Deep: Codable {
            var list: [[String: Carrier]]
        }
        let text =
            #"{"list":[{"x":{"before":1,"value":1}},{"0":{"before":2,"value":{"1":[{"y":null}]},"more":[null,{"z":1.5}]}}]}"#
        let deep = try JSONCoding.decode(Deep.self, from: Data(text.utf8))
        #expect(deep.list[0]["x"]?.value == 1)
        #expect(deep.list[1]["0"]?.value == ["1": [["y": nil]]])
        #expect(deep.list[1]["0"]?.more == [nil, ["z": 1.5]])
    }

    @Test
    func `three megabytes of small values are parsed within the time limit`() throws {
        let ones = "[" + Array(repeating: "1", count: 1_400_000).joined(separator: ",") + "]"
        let value = try JSONCoding.decode(Carrier.self, from: Data("{\"before\":0,\"value\":\(ones)}".utf8)).value
        #expect(value.array?.count == 1_400_000)
    }
}
