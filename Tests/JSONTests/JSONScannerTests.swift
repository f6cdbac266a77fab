import Testing

@testable import JSON

@Suite struct JSONScannerTests {
    private func isJSON(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return (try? scanner.skipValue()) != nil && (try? scanner.finish()) != nil
        }
    }

    @Test(
        "what RFC 8259 allows is accepted",
        arguments: [
            "{}", "[]", "0", "-0", "1.5e-10", "\"\"", "\"\\u00e9\\n\\\\\"", " [1, {\"a\": [null, true, false]}] ",
            "\"é😀\"",
            "123456789012345678901234567890",
        ])
    func valid(_ text: String) {
        #expect(isJSON(text))
    }

    @Test(
        "what RFC 8259 forbids is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "NaN", "Infinity", "tru", "nul",
            "'a'",
            "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"", "\"open", "[1 2]", "{} {}", "{\"a\" 1}", "-",
        ])
    func invalid(_ text: String) {
        #expect(!isJSON(text))
    }

    @Test("nesting beyond the bound is refused instead of exhausting the stack")
    func depth() {
        #expect(isJSON(String(repeating: "[", count: 100) + String(repeating: "]", count: 100)))
        #expect(!isJSON(String(repeating: "[", count: 100_000)))
    }

    @Test("strings read as they are meant")
    func strings() {
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
