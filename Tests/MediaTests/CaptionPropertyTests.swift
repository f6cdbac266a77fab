import Testing

@testable import Media

/// Numbers that are the same in every run: SplitMix64.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

@Suite struct CaptionPropertyTests {
    @Test("random words keep the bounds and their order, and stay whole", arguments: 0..<20)
    func words(_ seed: UInt64) {
        var dice = Dice(state: seed)
        let vocabulary = [
            "a", "of", "Meer", "light,", "tower.", "illumination", "\"Why?\"", "x!", "Dr.", "3.5",
            "counterrevolutionaries",
        ]
        for _ in 0..<25 {
            let count = Int.random(in: 1...80, using: &dice)
            let words = (0..<count).compactMap { _ in vocabulary.randomElement(using: &dice) }
            let bounds = bounds(words.joined(separator: " "), &dice)
            #expect(bounds.check().flatMap(\.lines).flatMap { $0.split(separator: " ") }.map(String.init) == words)
        }
    }

    @Test("random characters keep the bounds", arguments: 0..<20)
    func characters(_ seed: UInt64) {
        var dice = Dice(state: seed)
        let alphabet = Array(
            ("aбمक港はァーกเ한👍!?.,…。、「」（）\"'“”«»-—🇩     "
                + "\u{301}\u{200B}\u{200D}\u{FE0F}\u{200F}\u{94D}\u{17D2}\u{1100}").unicodeScalars)
        for _ in 0..<25 {
            let size = Int.random(in: 1...12, using: &dice)
            let some = (0..<size).compactMap { _ in alphabet.randomElement(using: &dice) } + [" ", "x"]
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...300, using: &dice) {
                if let scalar = some.randomElement(using: &dice) { text.append(scalar) }
            }
            text.append("x")
            bounds(String(text), &dice).check()
        }
    }

    private func bounds(_ text: String, _ dice: inout Dice) -> CaptionBounds {
        let start = Double.random(in: 0...5, using: &dice)
        let spoken = Double.random(in: 0...1, using: &dice) * Double.random(in: 0...1, using: &dice) * 120
        let spare = Bool.random(using: &dice) ? 0 : Double.random(in: 0...20, using: &dice)
        return CaptionBounds(text: text, speech: start..<start + spoken, end: start + spoken + spare + 0.001)
    }

    @Test(
        "a text of 32,000 characters is laid out in one go, whatever it is made of",
        arguments: [
            "The harbour wakes before the sun does, and nobody is surprised. ", "港は太陽より先に目を覚ます。", "เรือเชือกและนกนางนวล",
            "a", "\"", "! ", "。",
            "\u{200B}", "e\u{301}", "👨‍👩‍👧‍👦", "\u{1100}", "a b ",
        ])
    func long(_ part: String) {
        let text = String(repeating: part, count: 32_000 / part.count) + "x"
        #expect(!CaptionBounds(text: text, speech: 0..<2500, end: 2500).check().isEmpty)
    }
}
