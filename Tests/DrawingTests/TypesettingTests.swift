// SPDX-License-Identifier: Apache-2.0

import Drawing
import Testing

/// Text layout; needs at least one installed font.
@Suite(.timeLimit(.minutes(1))) struct TypesettingTests {
    private let white = RGBColor(0xFFFFFF)
    private let black = RGBColor(0x000000)

    private func set(
        _ text: String, in box: Typesetting.Box, maximumFontSize: Double
    ) throws -> (canvas: Canvas, outcome: Typesetting.Outcome) {
        let canvas = try Canvas(width: 640, height: 360)
        let outcome = Typesetting.set(
            text, on: canvas, in: box, maximumFontSize: maximumFontSize, color: white, shadow: black)
        return (canvas, outcome)
    }

    @Test func `installed fonts pass the check`() throws {
        let canvas = try Canvas(width: 8, height: 8)
        #expect(throws: Never.self) { try Typesetting.checkFonts(on: canvas) }
    }

    @Test func `a short text has the maximum font size and stands at the bottom of its box`() throws {
        let box = Typesetting.Box(x: 40, y: 20, width: 560, height: 320)
        let (canvas, outcome) = try set("Harbour", in: box, maximumFontSize: 40)
        #expect(outcome.fontSize == 40 && outcome.unknownGlyphs == 0)
        let bottom = outcome.ink.y + outcome.ink.height
        #expect(bottom <= 341 && bottom > 340 - 40, "\(outcome)")
        #expect(outcome.ink.x >= 39 && outcome.ink.width > 60 && outcome.ink.width < 300)
        // The glyphs are drawn where the outcome says, and nowhere above.
        let pixels = canvas.pixels
        let rows = (0..<360).filter { y in (0..<640).contains { pixels[(y * 640 + $0) * 4 + 1] > 200 } }
        #expect(rows.first.map { abs(Double($0) - outcome.ink.y) < 3 } == true, "\(outcome)")
    }

    @Test func `a long text is reduced until it fits its box`() throws {
        let text = Array(repeating: "harbour", count: 60).joined(separator: " ")
        let outcome = try set(
            text, in: Typesetting.Box(x: 0, y: 0, width: 300, height: 80), maximumFontSize: 60
        ).outcome
        #expect(outcome.fontSize < 30 && outcome.fontSize > 1)
        #expect(outcome.ink.height <= 80 && outcome.ink.width <= 300 * 1.02 + 1, "\(outcome)")
    }

    @Test func `a word without break opportunities is wrapped within its box`() throws {
        let outcome = try set(
            String(repeating: "m", count: 120), in: Typesetting.Box(x: 0, y: 0, width: 200, height: 300),
            maximumFontSize: 40
        ).outcome
        #expect(outcome.ink.width <= 200 * 1.02 + 1, "\(outcome)")
        #expect(outcome.ink.height > outcome.fontSize, "\(outcome)")
    }

    @Test func `characters without a glyph are counted`() throws {
        let box = Typesetting.Box(x: 0, y: 0, width: 600, height: 300)
        #expect(try set("a\u{10FFFD}b\u{10FFFD}", in: box, maximumFontSize: 40).outcome.unknownGlyphs == 2)
    }
}

/// Centred lines; needs at least one installed font.
@Suite(.timeLimit(.minutes(1))) struct CenteredLinesTests {
    @Test func `a line that is too wide is reduced`() throws {
        let text = ["a line that is much wider than the space that it may take"]
        let natural = try CenteredLines(text, fontSize: 40, maximumWidth: 10_000)
        let reduced = try CenteredLines(text, fontSize: 40, maximumWidth: natural.width / 2)
        #expect(natural.width > 600)
        // Glyphs may be placed on whole pixels, so that widths are not exactly proportional.
        #expect((0.45...0.55).contains(reduced.width / natural.width), "\(reduced.width) of \(natural.width)")
        #expect((0.4...0.65).contains(reduced.height / natural.height), "\(reduced.height) of \(natural.height)")
    }

    @Test func `each line adds its height, and the widest line is the width`() throws {
        let one = try CenteredLines(["harbour"], fontSize: 40, maximumWidth: 1000)
        let two = try CenteredLines(["harbour", "x"], fontSize: 40, maximumWidth: 1000)
        #expect(two.width == one.width)
        #expect(two.height > one.height * 1.7 && two.height < one.height * 2.4, "\(one.height) \(two.height)")
    }

    @Test func `lines are drawn at their position in their colour`() throws {
        let lines = try CenteredLines(["MMM"], fontSize: 30, maximumWidth: 1000)
        let canvas = try Canvas(width: 300, height: 120, isTransparent: true)
        lines.draw(on: canvas, x: 100, y: 40, color: RGBColor(0xFF0000))
        let pixels = canvas.pixels
        let drawn = (0..<300 * 120).filter { pixels[$0 * 4 + 3] > 0 }
        let (columns, rows) = (drawn.map { $0 % 300 }, drawn.map { $0 / 300 })
        let (left, right) = (try #require(columns.min()), try #require(columns.max()))
        let (top, bottom) = (try #require(rows.min()), try #require(rows.max()))
        #expect(left >= 98 && Double(right) <= 102 + lines.width)
        #expect(top >= 38 && Double(bottom) <= 42 + lines.height)
        // Red, without blue and green.
        #expect(drawn.allSatisfy { pixels[$0 * 4] == 0 && pixels[$0 * 4 + 1] == 0 })
        #expect(drawn.contains { pixels[$0 * 4 + 2] > 200 })
    }
}
