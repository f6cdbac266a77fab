// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct CaptionTests {
    private func cues(_ text: String, speech: Range<Double>, end: Double? = nil) -> [CaptionCue] {
        CaptionLayout.cues(text: text, speech: speech, end: end ?? speech.upperBound)
    }

    /// Checks the invariants of a layout.
    private func check(_ cues: [CaptionCue], _ text: String, speech: Range<Double>, end: Double) {
        let columns = cues.flatMap(\.lines).map { $0.reduce(0) { $0 + WritingSystem.width($1) } }
        #expect(columns.allSatisfy { $0 <= 42 }, "\(columns)")
        #expect(cues.allSatisfy { (1...2).contains($0.lines.count) && $0.lines.allSatisfy { !$0.isEmpty } })
        #expect(cues.allSatisfy { $0.start < $0.end && $0.end - $0.start <= 7.001 })
        #expect(zip(cues, cues.dropFirst()).allSatisfy { $0.end <= $1.start + 1e-9 })
        #expect(cues.first.map { abs($0.start - speech.lowerBound) < 1e-9 } ?? true)
        #expect(cues.last.map { $0.end <= end + 1e-6 } ?? true)
        func letters(_ text: String) -> String { text.filter { !$0.isWhitespace } }
        #expect(letters(cues.flatMap(\.lines).joined()) == letters(text))
        let count = cues.reduce(0) { $0 + $1.lines.joined(separator: " ").count }
        if Double(count) / 17 <= end - speech.lowerBound {
            for cue in cues {
                let speed = Double(cue.lines.joined().count) / (cue.end - cue.start)
                #expect(speed <= 17.01, "\(speed): \(cue.lines)")
            }
        }
    }

    @Test(arguments: [
        "The harbour wakes before the sun does. Boats, ropes and gulls: everything moves, because Dr. Marlow counts 3.5 tons of herring.",
        "Noch vor der Sonne wacht der Hafen auf, und über den Dächern liegt ein Licht, das niemand bestellt hat. So beginnt es.",
        "港は太陽より先に目を覚ます。船も、ロープも、カモメも、すべてが動き始める。「おはよう」と誰かが言った。",
        "يستيقظ الميناء قبل الشمس، وتتحرك القوارب والحبال والنوارس جميعها. من قال إن البحر صامت؟ لا أحد.",
        "सूरज से पहले बंदरगाह जागता है। नावें, रस्सियाँ और पक्षी सब चल पड़ते हैं। कौन कहता है कि समुद्र चुप है?",
        "ท่าเรือตื่นก่อนดวงอาทิตย์เรือเชือกและนกนางนวลทุกอย่างเคลื่อนไหวในแสงแรกของวัน",
        "A family 👨‍👩‍👧‍👦 waves 🇩🇪 at the ships 🚢🚢🚢, and nobody counts them.",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft is one word.",
        "Short.", "a", "No full stop at the end of this one",
    ])
    func `captions keep their invariants in every writing system`(_ text: String) {
        for spoken in [2.0, 6.5, 14, 40] {
            let speech = 0.4..<0.4 + spoken
            check(cues(text, speech: speech, end: 0.4 + spoken + 1), text, speech: speech, end: 0.4 + spoken + 1)
        }
    }

    @Test
    func `sentences have captions of their own, and titles and decimals do not end them`() {
        let text = "Dr. Marlow counts 3.5 tons of herring every day. The harbour master does not believe him at all."
        let found = cues(text, speech: 0..<8)
        #expect(found.count == 2)
        #expect(found[0].lines.joined(separator: " ") == "Dr. Marlow counts 3.5 tons of herring every day.")
    }

    @Test
    func `lines end at phrase boundaries`() {
        let found = cues("The keeper climbs the stairs of his tower, and the lamp begins to turn.", speech: 0..<6)
        #expect(found.count == 1)
        #expect(found[0].lines == ["The keeper climbs the stairs of his tower,", "and the lamp begins to turn."])
    }

    @Test
    func `captions of fast speech stay on screen after the speech ends`() {
        let text = "Everything happens so fast here that nobody could ever read it in the time it takes to say."
        let found = cues(text, speech: 0..<2, end: 10)
        #expect((found.last?.end ?? 0) > 5)
        #expect(cues(text, speech: 0..<2, end: 2).last.map { $0.end <= 2.001 } == true)
    }

    @Test
    func `whitespace collapses, control characters are removed, and empty text yields no cue`() {
        #expect(cues(" \n\t ", speech: 0..<3).isEmpty)
        let found = cues("one\n\n two\u{7}\u{202E}three\r\n", speech: 0..<3)
        #expect(found.map(\.lines) == [["one twothree"]])
    }

    @Test(arguments: 0..<10)
    func `layouts of random texts keep the invariants`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = [
            "a", "of", "Meer", "light,", "tower.", "illumination", "港", "夜明け、", "؟نعم", "x!", "counterrevolutionaries",
        ]
        for _ in 0..<30 {
            let count = Int.random(in: 1...60, using: &random)
            let text = (0..<count).compactMap { _ in words.randomElement(using: &random) }.joined(separator: " ")
            let spoken = Double.random(in: 0.2...30, using: &random)
            let end = spoken + Double.random(in: 0...5, using: &random)
            check(cues(text, speech: 0..<spoken, end: end), text, speech: 0..<spoken, end: end)
        }
    }

    @Test
    func `a long text is laid out completely`() {
        let text = String(repeating: "The harbour wakes before the sun does, and nobody is surprised. ", count: 500)
        let found = cues(text, speech: 0..<2500)
        check(found, text, speech: 0..<2500, end: 2500)
        #expect(found.count > 400)
    }

    @Test
    func `caption files have the format that players expect, and are parsed as written`() {
        let cues = [
            CaptionCue(start: 0.5, end: 2.0004, lines: ["One & two", "<three> --> four"]),
            CaptionCue(start: 2.0, end: 3661.25, lines: ["مرحبا"]),
        ]
        #expect(
            CaptionFile.srt(cues)
                == "1\n00:00:00,500 --> 00:00:02,000\nOne & two\n<\u{2060}three> --\u{2060}> four\n\n2\n00:00:02,000 --> 01:01:01,250\nمرحبا\n"
        )
        #expect(
            CaptionFile.vtt(cues)
                == "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nOne &amp; two\n&lt;three&gt; --&gt; four\n\n00:00:02.000 --> 01:01:01.250\nمرحبا\n"
        )
        for text in [
            CaptionFile.srt(cues), CaptionFile.vtt(cues),
            "\u{FEFF}" + CaptionFile.srt(cues).replacing("\n", with: "\r\n"),
        ] {
            let read = CaptionFile.parse(text)
            #expect(read.map(\.lines) == cues.map(\.lines))
            #expect(read.map(\.end) == [2.0, 3661.25])
        }
    }

    @Test
    func `captions start with the speech`() throws {
        let bench = try Workbench()
        let narration = try bench.burst("n.wav", after: 1.5, seconds: 4)
        let span = try #require(try SpeechDetector.span(narration, duration: 10))
        #expect(abs(span.lowerBound - 1.5) < 0.02 && abs(span.upperBound - 4) < 0.03)
        let found = try Captioning.cues(text: "A tone.", audio: narration, duration: 6)
        #expect(abs((found.first?.start ?? 0) - 1.5) < 0.02)
        let silent = try bench.make("s.wav", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "1")
        #expect(try SpeechDetector.span(silent, duration: 10) == nil)
        let text = try bench.write("t.mp3", "text".utf8)
        #expect(try Captioning.cues(text: "Still there.", audio: text, duration: 3).map(\.start) == [0])
    }
}
