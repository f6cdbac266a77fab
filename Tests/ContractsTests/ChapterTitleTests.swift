// SPDX-License-Identifier: Apache-2.0

import Contracts
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChapterTitleTests {
    @Test(arguments: [
        ("Short words.", "Short words."),
        (
            "The harbour wakes before the sun does, and over the roofs there is a light.",
            "The harbour wakes before the sun does…"
        ),
        ("  Spaces\n\tand lines\u{7} ", "Spaces and lines"),
        ("港は太陽より先に目を覚ます。船も、ロープも、カモメも、すべてが動き始める。「おはよう。」と誰かが言った。", "港は太陽より先に目を覚ます。船も、ロープも、カモメも、すべてが動き始める。「おは…"),
        ("Forty characters, to the last one of it.", "Forty characters, to the last one of it."),
        ("Forty-one characters, to the last of them", "Forty-one characters, to the last of…"),
        ("Wait," + String(repeating: " ", count: 400) + "what?", "Wait…"),
        ("👨‍👩‍👧‍👦 wave at the ships", "👨‍👩‍👧‍👦 wave at the ships"),
        (String(repeating: "a", count: 10_000), String(repeating: "a", count: 40) + "…"),
    ])
    func `a title is the first words of the narration`(narration: String, title: String) {
        #expect(ChapterTitle.text(narration: narration, guidance: "a hill", id: "seg_1") == title)
    }

    @Test func `without narration the title is what the picture shows, then the id`() {
        #expect(
            ChapterTitle.text(narration: " \n", guidance: "A lighthouse at dusk", id: "seg_1") == "A lighthouse at dusk"
        )
        #expect(ChapterTitle.text(narration: nil, guidance: "", id: "seg_1") == "seg_1")
    }
}
