// SPDX-License-Identifier: Apache-2.0

import Faults
import JSON
import Parameters
import Testing

@Suite(.timeLimit(.minutes(1))) struct NumberBoundTests {
    @Test
    func `a range accepts its ends and nothing beyond; its text and schema state the same ends`() {
        let bound = NumberBound(0.1...3600, .seconds, default: 0.5)
        #expect([0.1, 0.5, 3600].allSatisfy(bound.contains))
        #expect(![0.0999, 3600.001, -1, .nan, .infinity, -.infinity].contains(where: bound.contains))
        #expect(bound.expected == "seconds from 0.1 to 3600")
        #expect(bound.keywords == ["minimum": .number(0.1), "maximum": 3600, "default": .number(0.5), "x-unit": "s"])
        #expect(bound.withoutDefault.keywords["default"] == nil)
    }

    @Test
    func `a bound without an upper end rejects smaller values`() {
        let bound = NumberBound(from: 0)
        #expect(bound.contains(0) && bound.contains(.max) && !bound.contains(-1))
        #expect(bound.expected == "0 or more" && bound.keywords == ["minimum": 0])
    }

    @Test
    func `a bound of even numbers rejects odd ones`() {
        let bound = NumberBound(64...4096, .pixels, isEven: true)
        #expect(bound.contains(64) && bound.contains(4096) && !bound.contains(65) && !bound.contains(4098))
        #expect(bound.expected == "an even number from 64 to 4096")
        #expect(bound.keywords["multipleOf"] == 2)
    }

    @Test
    func `a fractional choice has a tolerance, a whole one is exact`() {
        let bound = NumberBound(oneOf: 24.0, 29.97, 30, unit: .framesPerSecond)
        #expect([24, 29.97, 30_000.0 / 1001, 30].allSatisfy(bound.contains))
        #expect(![23.999, 29.9, 30.001, 31, .nan].contains(where: bound.contains))
        #expect(bound.expected == "24, 29.97 or 30")
        #expect(bound.keywords["enum"] == [24, .number(29.97), 30])
    }

    @Test
    func `a violation states the pointer, the bound and the value`() throws {
        let violation = try #require(NumberBound(1...16).violation(17, at: "/image_concurrency"))
        #expect(violation.text == "/image_concurrency: expected 1 to 16")
        #expect(violation.error.kind == .invalidParams)
        #expect(violation.error.message == "/image_concurrency: expected 1 to 16, found 17")
        #expect(NumberBound(1...16).violation(16, at: "/x") == nil)
    }
}
