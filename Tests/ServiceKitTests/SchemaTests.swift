// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Testing

@testable import ServiceKit

private enum Colour: String, Codable, CaseIterable {
    case red, blue
}

private struct Inner: Codable {
    var list: [Double]
    var any: JSONValue?
}

private struct Outer: Codable {
    var name: String
    var count: Int?
    var colour: Colour
    var flag: Bool?
    var inner: Inner

    private enum CodingKeys: String, CodingKey {
        case name, colour, flag, inner
        case count = "count_n"
    }
}

@Suite(.timeLimit(.minutes(1))) struct SchemaTests {
    @Test
    func `a schema lists the members by wire name, with types, enum cases and required members`() {
        let schema = Schema.of(Outer.self)
        #expect(schema["properties"]?["name"] == ["type": "string"])
        #expect(schema["properties"]?["count_n"] == ["type": "integer"])
        #expect(schema["properties"]?["flag"] == ["type": "boolean"])
        #expect(schema["properties"]?["colour"] == ["type": "string", "enum": ["red", "blue"]])
        #expect(
            schema["properties"]?["inner"]?["properties"]?["list"] == ["type": "array", "items": ["type": "number"]])
        #expect(schema["required"] == ["name", "colour", "inner"])
    }

    /// A text with a form of its own.
    private struct Time: Decodable {
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard
                (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(container.decode(String.self)))
                    != nil
            else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "a time") }
        }
    }

    private struct Event: Decodable {
        var at: Time
        var count: Int
        var next: Time?
    }

    @Test
    func `members that follow a time are listed`() {
        let schema = Schema.of(Event.self)
        #expect(schema["properties"]?.object?.keys.sorted() == ["at", "count", "next"])
        #expect(schema["properties"]?["at"] == ["type": "string"])
        #expect(schema["required"] == ["at", "count"])
    }
}
