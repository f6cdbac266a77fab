// SPDX-License-Identifier: Apache-2.0

import Testing
import Untrusted

@Suite(.timeLimit(.minutes(1))) struct StreamSafeTextTests {
    private func converted(_ text: String) -> String? {
        var text = text
        return text.withUTF8 { StreamSafeText.convert($0, readsEscapes: true) }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test
    func `a joiner is inserted after every 30 consecutive marks, literal or escaped`() {
        for mark in [
            "\u{301}", "\u{316}", "\u{1D165}", "\u{F73}", "\u{344}", "\u{5B0}", #"\u0301"#, #"\ud834\udd65"#,
            "\u{3099}",
        ] {
            let run = String(repeating: mark, count: 30)
            #expect(converted("a\(run)") == nil)
            #expect(converted("a\(run)\(mark)b").map { Array($0.utf8) } == Array("a\(run)\u{34F}\(mark)b".utf8))
            #expect(
                converted("a\(run)b\(run)\(mark)").map { Array($0.utf8) } == Array("a\(run)b\(run)\u{34F}\(mark)".utf8))
            let long = converted("a\(run)\(run)\(run)\(run)\(mark)")?.unicodeScalars.count { $0 == "\u{34F}" }
            #expect(long == 4)
        }
    }

    @Test
    func `other text is not modified`() {
        for text in [
            "", "a", #"{"a": "\\u0301"}"#, #"\"#, #"\u"#, #"\u03"#, #"\ud834"#, #"\ud834\u0301"#, "日本語", "ありがとう",
            "e\u{301}", "𝔘",
            String(repeating: "\u{200D}", count: 100), String(repeating: #"\\u0301"#, count: 100),
        ] {
            #expect(converted(text) == nil, "\(text)")
        }
        for bytes in [[0xC2], [0xE0, 0xA0], [0xF4, 0x8F], [0xCC, 0x41, 0x81], [0xFF], [0x80, 0x80]] as [[UInt8]] {
            #expect(bytes.withUnsafeBufferPointer { StreamSafeText.convert($0, readsEscapes: true) } == nil)
        }
        #expect("a".streamSafe == "a")
        #expect(("a" + String(repeating: "\u{301}", count: 31)).streamSafe.unicodeScalars.contains("\u{34F}"))
    }
}
