// SPDX-License-Identifier: Apache-2.0

import Drawing
import Testing

@Suite(.timeLimit(.minutes(1))) struct BoundedMarksTests {
    private func marks(_ count: Int) -> String { String(repeating: "\u{301}", count: count) }

    @Test func `at most thirty combining marks in a row remain`() {
        let bounded = ("a" + marks(40) + "b").withBoundedMarks
        #expect(bounded.unicodeScalars.elementsEqual(("a" + marks(30) + "b").unicodeScalars))
    }

    @Test func `each base character may have thirty marks`() {
        let text = "a" + marks(30) + "b" + marks(30)
        #expect(text.withBoundedMarks.unicodeScalars.elementsEqual(text.unicodeScalars))
    }

    @Test(arguments: ["", "plain", "e\u{301}te\u{301}", "हिन्दी में", "ก้ำ", "مرحبًا", "👨‍👩‍👧"])
    func `ordinary text is unchanged`(_ text: String) {
        #expect(text.withBoundedMarks.unicodeScalars.elementsEqual(text.unicodeScalars))
    }

    @Test func `spacing and enclosing marks count too`() {
        let text = "x" + String(repeating: "\u{903}", count: 20) + String(repeating: "\u{20DD}", count: 20)
        #expect(text.withBoundedMarks.unicodeScalars.count == 31)
    }
}
