import Faults
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

@Suite struct SchemaTests {
    @Test("a type's schema names its members as they are on the wire, with types, cases and what is required")
    func schema() {
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

@Suite struct ServiceSettingsTests {
    @Test("a variable out of its range is an error that names it")
    func ranges() throws {
        let settings = try ServiceSettings(environment: ["UNDERSTUDY_CAPACITY": "many", "HOME": "/h"])
        let error = #expect(throws: ServiceError.self) {
            try settings.int("UNDERSTUDY_CAPACITY", default: 1, in: 1...9)
        }
        #expect(error?.message == "UNDERSTUDY_CAPACITY: expected a whole number from 1 to 9, found \"many\"")
        #expect(throws: ServiceError.self) { try ServiceSettings(environment: ["UNDERSTUDY_DRAIN_S": "-1"]) }
        #expect(throws: ServiceError.self) { try ServiceSettings(environment: ["UNDERSTUDY_LOG_LEVEL": "loud"]) }
        #expect(throws: ServiceError.self) { try ServiceSettings(environment: ["UNDERSTUDY_ALLOW_GIDS": "staff"]) }
    }

    @Test("directories come from their variables, then from the XDG ones, then from home")
    func directories() throws {
        #expect(try ServiceSettings(environment: ["HOME": "/h"]).stateDirectory == "/h/.local/state/understudy")
        #expect(
            try ServiceSettings(environment: ["HOME": "/h", "XDG_STATE_HOME": "/x"]).stateDirectory == "/x/understudy")
        let settings = try ServiceSettings(environment: ["UNDERSTUDY_STATE_DIR": "/s", "UNDERSTUDY_ALLOW_GIDS": "5, 6"])
        #expect(settings.store == "file:///s/store")
        #expect(settings.allowedGroups == [5, 6])
        #expect(settings.drainSeconds == 30)
    }
}
