// SPDX-License-Identifier: Apache-2.0

import Drawing
import Faults
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(5))) struct CardTests {
    private func pixels(_ prompt: String, width: Int = 320, height: Int = 180, seed: Int? = nil) throws -> [UInt8] {
        try CardPainter.paint(prompt: prompt, width: width, height: height, seed: seed).canvas.pixels
    }

    @Test
    func `the same prompt gives the same image, another prompt or seed a visibly different one`() throws {
        let image = try pixels("A lighthouse at dawn")
        #expect(try pixels("A lighthouse at dawn") == image)
        for other in [try pixels("A city street at night"), try pixels("A lighthouse at dawn", seed: 7)] {
            let differing = zip(image, other).count { abs(Int($0) - Int($1)) > 12 }
            #expect(Double(differing) / Double(image.count) > 0.15)
        }
    }

    @Test(arguments: [
        "Three words here", "قافلة تعبر الصحراء عند الغروب", "一位老人在山谷里看日出", "हिमालय की चोटियों पर सूर्योदय",
        "Ελληνικά και Кириллица",
        "שלום עולם", "日本語のタイトル", "한국어 제목",
    ])
    func `every script is drawn completely, with a glyph for each character, inside the image`(_ prompt: String) throws
    {
        let card = try CardPainter.paint(prompt: prompt, width: 1280, height: 720, seed: nil)
        #expect(card.type.unknownGlyphs == 0)
        #expect(card.type.ink.x >= 0 && card.type.ink.x + card.type.ink.width <= 1280)
        #expect(card.type.ink.y >= 0 && card.type.ink.y + card.type.ink.height <= 720)
    }

    @Test(arguments: [1, 10, 100, 1000, 8000, 32_000])
    func `a text of any length is drawn completely`(_ count: Int) throws {
        for (width, height) in [(640, 360), (360, 640)] {
            let words = String(repeating: "wide words and more ", count: count / 20 + 1)
            for text in [String(words.prefix(count)), String(repeating: "W", count: count)] {
                let ink = try CardPainter.paint(prompt: text, width: width, height: height, seed: nil).type.ink
                #expect(ink.x >= -1 && ink.x + ink.width <= Double(width) + 1)
                #expect(ink.y >= -1 && ink.y + ink.height <= Double(height) + 1)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `combining marks beyond the bound are dropped`() throws {
        func ink(_ count: Int) throws -> Typesetting.Box {
            let text = "a" + String(repeating: "\u{301}", count: count)
            return try CardPainter.paint(prompt: text, width: 320, height: 180, seed: nil).type.ink
        }
        #expect(try ink(31_000) == ink(30))
    }

    @Test
    func `sizes out of bounds are rejected`() {
        #expect(throws: ServiceError.self) { try pixels("x", width: 15) }
        #expect(throws: ServiceError.self) { try pixels("x", height: 8193) }
    }

    @Test
    func `keywords of the prompt select the backdrop`() {
        var random = TextSeededRandom("x")
        #expect(CardBackdrop.matching("Two ships on the ocean", &random) == .sea)
        #expect(CardBackdrop.matching("Trees!", &random) == .forest)
    }
}
