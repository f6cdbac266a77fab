import Faults
import JSON
import Parameters
import Testing

@Suite struct NumberBoundTests {
    @Test("a range accepts its ends and nothing beyond, and its text and its schema name the same ends")
    func range() {
        let bound = NumberBound(0.1...3600, .seconds, standard: 0.5)
        #expect([0.1, 0.5, 3600].allSatisfy(bound.contains))
        #expect(![0.0999, 3600.001, -1, .nan, .infinity, -.infinity].contains(where: bound.contains))
        #expect(bound.expected == "seconds from 0.1 to 3600")
        #expect(bound.keywords == ["minimum": .number(0.1), "maximum": 3600, "default": .number(0.5), "x-unit": "s"])
        #expect(bound.withoutStandard.keywords["default"] == nil)
    }

    @Test("a bound without an upper end refuses what is below it")
    func open() {
        let bound = NumberBound(from: 0)
        #expect(bound.contains(0) && bound.contains(.max) && !bound.contains(-1))
        #expect(bound.expected == "0 or more" && bound.keywords == ["minimum": 0])
    }

    @Test("a bound of even numbers refuses odd ones")
    func even() {
        let bound = NumberBound(64...4096, .pixels, isEven: true)
        #expect(bound.contains(64) && bound.contains(4096) && !bound.contains(65) && !bound.contains(4098))
        #expect(bound.expected == "an even number from 64 to 4096")
        #expect(bound.keywords["multipleOf"] == 2)
    }

    @Test("a choice that is rounded stands for the exact number, a whole one only for itself")
    func choices() {
        let bound = NumberBound(oneOf: 24.0, 29.97, 30, unit: .framesPerSecond)
        #expect([24, 29.97, 30_000.0 / 1001, 30].allSatisfy(bound.contains))
        #expect(![23.999, 29.9, 30.001, 31, .nan].contains(where: bound.contains))
        #expect(bound.expected == "24, 29.97 or 30")
        #expect(bound.keywords["enum"] == [24, .number(29.97), 30])
    }

    @Test("a violation names the pointer, the bound and what was found")
    func violation() throws {
        let violation = try #require(NumberBound(1...16).violation(17, at: "/image_concurrency"))
        #expect(violation.text == "/image_concurrency: expected 1 to 16")
        #expect(violation.error.kind == .invalidParams)
        #expect(violation.error.message == "/image_concurrency: expected 1 to 16, found 17")
        #expect(NumberBound(1...16).violation(16, at: "/x") == nil)
    }
}

@Suite struct TextRuleTests {
    @Test("characters are Unicode scalars, bytes are those of UTF-8")
    func measures() {
        let characters = TextRule(1...3, .characters)
        #expect(characters.accepts("äöü") && !characters.accepts("abcd") && !characters.accepts(""))
        #expect(!TextRule(1...3, .bytes).accepts("äö"))
        #expect(characters.keywords == ["minLength": 1, "maxLength": 3])
    }

    @Test("a text that is too long has the rule's own kind of error")
    func excess() {
        let rule = TextRule(1...3, .characters, excess: .tooLarge)
        #expect(rule.violation("abcd", at: "/prompt")?.error.kind == .tooLarge)
        #expect(rule.violation("", at: "/prompt")?.error.kind == .invalidParams)
    }

    @Test("a plain text has no control characters", arguments: ["a\nb", "a\u{7F}", "\0"])
    func plain(_ text: String) {
        #expect(TextRule.plain(1...256).violation(text, at: "/key") != nil)
        #expect(TextRule.plain(1...256).accepts("a b/c"))
    }
}

private struct Order: Described {
    var count: Int?
    var parts: [Part]?
    var notes: [String: Part]?

    static let parameters: [Parameter<Order>] = [
        .number("count", { $0.count }, NumberBound(1...9), "How many."),
        .list("parts", { $0.parts }, 0...2, of: "parts", "What it is made of."),
        .dictionary("notes", { $0.notes }, schema: [:], "What is said of it."),
    ]
}

private struct Part: Described {
    var name: String

    static let parameters: [Parameter<Part>] = [.text("name", { $0.name }, TextRule(1...3, .bytes), "Its name.")]
}

@Suite struct DescribedTests {
    @Test("all violations are found, those of parts at their own pointers")
    func violations() {
        let order = Order(count: 10, parts: [Part(name: "a"), Part(name: "long")], notes: ["x/y": Part(name: "")])
        #expect(
            order.violations(at: "/order").map(\.pointer) == [
                "/order/count", "/order/parts/1/name", "/order/notes/x~1y/name",
            ])
        let error = #expect(throws: ServiceError.self) { try order.check() }
        #expect(error?.message == "3 violations, the first: /count: expected 1 to 9, found 10")
        #expect(error?.detail?.split(separator: "\n").count == 3)
        let many = Order(parts: Array(repeating: Part(name: "a"), count: 3))
        #expect(many.violations().map(\.message) == ["/parts: expected at most 2 parts, found 3"])
        #expect(throws: Never.self) { try Order().check() }
    }
}
