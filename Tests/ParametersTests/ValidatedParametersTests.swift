// SPDX-License-Identifier: Apache-2.0

import Faults
import JSON
import Parameters
import Testing

private struct Order: ValidatedParameters {
    var count: Int?
    var parts: [Part]?
    var notes: [String: Part]?

    static let parameters: [Parameter<Order>] = [
        .number("count", { $0.count }, NumberBound(1...9), "The number of parts."),
        .list("parts", { $0.parts }, 0...2, of: "parts", "The parts."),
        .dictionary("notes", { $0.notes }, schema: [:], "Notes by name."),
    ]
}

private struct Part: ValidatedParameters {
    var name: String

    static let parameters: [Parameter<Part>] = [
        .text("name", { $0.name }, TextRule(1...3, .bytes), "The name of the part.")
    ]
}

@Suite(.timeLimit(.minutes(1))) struct ValidatedParametersTests {
    @Test
    func `all violations are reported, nested ones with their own pointers`() {
        let order = Order(count: 10, parts: [Part(name: "a"), Part(name: "long")], notes: ["x/y": Part(name: "")])
        #expect(
            order.violations(at: "/order").map(\.pointer) == [
                "/order/count", "/order/parts/1/name", "/order/notes/x~1y/name",
            ])
        let error = #expect(throws: ServiceError.self) { try order.validate() }
        #expect(error?.message == "3 violations, the first: /count: expected 1 to 9, found 10")
        #expect(error?.detail?.split(separator: "\n").count == 3)
        let many = Order(parts: Array(repeating: Part(name: "a"), count: 3))
        #expect(many.violations().map(\.message) == ["/parts: expected at most 2 parts, found 3"])
        #expect(throws: Never.self) { try Order().validate() }
    }
}
