// SPDX-License-Identifier: Apache-2.0

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
}
