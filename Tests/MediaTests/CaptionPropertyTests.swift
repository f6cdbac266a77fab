// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct CaptionPropertyTests {
    @Test(arguments: 0..<20)
    func `layouts of random words keep the invariants, the order and whole words`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let vocabulary = [
            "a", "of", "Meer", "light,", "tower.", "illumination", "\"Why?\"", "x!", "Dr.", "3.5",
            "counterrevolutionaries",
        ]
        for _ in 0..<25 {
            let count = Int.random(in: 1...80, using: &random)
            let words = (0..<count).compactMap { _ in vocabulary.randomElement(using: &random) }
            let bounds = bounds(words.joined(separator: " "), &random)
            #expect(bounds.check().flatMap(\.lines).flatMap { $0.split(separator: " ") }.map(String.init) == words)
        }
    }

    @Test(arguments: 0..<20)
    func `layouts of random characters keep the invariants`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array(
            ("aбمक港はァーกเ한👍!?.,…。、「」（）\"'“”«»-—🇩     "
                + "\u{301}\u{200B}\u{200D}\u{FE0F}\u{200F}\u{94D}\u{17D2}\u{1100}").unicodeScalars)
        for _ in 0..<25 {
            let size = Int.random(in: 1...12, using: &random)
            let some = (0..<size).compactMap { _ in alphabet.randomElement(using: &random) } + [" ", "x"]
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...300, using: &random) {
                if let scalar = some.randomElement(using: &random) { text.append(scalar) }
            }
            text.append("x")
            bounds(String(text), &random).check()
        }
    }

    @Test(arguments: 0..<10)
    func `layouts of random text from all of Unicode keep the invariants`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<25 {
            let limit: UInt32 = [0x300, 0x3000, 0x10000, 0x110000].randomElement(using: &random) ?? 0x80
            var text = String.UnicodeScalarView("x".unicodeScalars)
            for _ in 0..<Int.random(in: 1...300, using: &random) {
                let scalar = Unicode.Scalar(UInt32.random(in: 0x20..<limit, using: &random)) ?? " "
                if !WritingSystem.isDropped(scalar) { text.append(scalar) }
            }
            bounds(String(text), &random).check()
        }
    }

    private func bounds(_ text: String, _ random: inout SeededGenerator) -> CaptionBounds {
        let start = Double.random(in: 0...5, using: &random)
        let spoken = Double.random(in: 0...1, using: &random) * Double.random(in: 0...1, using: &random) * 120
        let spare = Bool.random(using: &random) ? 0 : Double.random(in: 0...20, using: &random)
        return CaptionBounds(text: text, speech: start..<start + spoken, end: start + spoken + spare + 0.001)
    }

    @Test(arguments: [
        "The harbour wakes before the sun does, and nobody is surprised. ", "港は太陽より先に目を覚ます。", "เรือเชือกและนกนางนวล",
        "a", "\"", "! ", "。",
        "\u{200B}", "e\u{301}", "👨‍👩‍👧‍👦", "\u{1100}", "a b ",
    ])
    func `a text of 32,000 characters of any kind is laid out within the time limit`(_ part: String) {
        let text = String(repeating: part, count: 32_000 / part.count) + "x"
        #expect(!CaptionBounds(text: text, speech: 0..<2500, end: 2500).check().isEmpty)
    }
}
