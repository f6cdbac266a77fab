// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JSON

@Suite(.timeLimit(.minutes(1))) struct JSONScannerTests {
    private func isJSON(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return (try? scanner.skipValue()) != nil && (try? scanner.finish()) != nil
        }
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0", "1.5e-10", "\"\"", "\"\\u00e9\\n\\\\\"", " [1, {\"a\": [null, true, false]}] ",
        "\"é😀\"",
        "123456789012345678901234567890",
    ])
    func `valid JSON by RFC 8259 is accepted`(_ text: String) {
        #expect(isJSON(text))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "NaN", "Infinity", "tru", "nul",
        "'a'",
        "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"", "\"open", "[1 2]", "{} {}", "{\"a\" 1}", "-",
    ])
    func `invalid JSON by RFC 8259 is rejected`(_ text: String) {
        #expect(!isJSON(text))
    }

    @Test
    func `nesting beyond the maximum depth is rejected instead of exhausting the stack`() {
        #expect(isJSON(String(repeating: "[", count: 100) + String(repeating: "]", count: 100)))
        #expect(!isJSON(String(repeating: "[", count: 100_000)))
    }

    @Test
    func `escapes in strings are decoded`() {
        func read(_ text: String) -> String? {
            Array(text.utf8).withUnsafeBufferPointer { JSONScanner($0).string(0..<$0.count) }
        }
        #expect(read("plain") == "plain")
        #expect(read("a\\u00e9\\n\\/\\\"b") == "aé\n/\"b")
        #expect(read("\\ud83d\\ude00!") == "😀!")
        #expect(read("\\ud83d!") == nil)
        #expect(read("\\b\\f\\t") == "\u{8}\u{C}\t")
    }
}
