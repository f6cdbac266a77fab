// SPDX-License-Identifier: Apache-2.0

import Faults
import JSON
import Parameters
import Testing

@Suite(.timeLimit(.minutes(1))) struct TextRuleTests {
    @Test
    func `characters are counted as Unicode scalars, bytes as UTF-8`() {
        let characters = TextRule(1...3, .characters)
        #expect(characters.accepts("äöü") && !characters.accepts("abcd") && !characters.accepts(""))
        #expect(!TextRule(1...3, .bytes).accepts("äö"))
        #expect(characters.keywords == ["minLength": 1, "maxLength": 3])
    }

    @Test
    func `a text that is too long has the error kind of its rule`() {
        let rule = TextRule(1...3, .characters, tooLongKind: .tooLarge)
        #expect(rule.violation("abcd", at: "/prompt")?.error.kind == .tooLarge)
        #expect(rule.violation("", at: "/prompt")?.error.kind == .invalidParams)
    }

    @Test(arguments: ["a\nb", "a\u{7F}", "\0"])
    func `a plain text rejects control characters`(_ text: String) {
        #expect(TextRule.plain(1...256).violation(text, at: "/key") != nil)
        #expect(TextRule.plain(1...256).accepts("a b/c"))
    }
}
