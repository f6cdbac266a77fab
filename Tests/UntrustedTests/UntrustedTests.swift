import Testing
import Untrusted

@Suite("Untrusted input", .timeLimit(.minutes(1)))
struct UntrustedTests {
    @Test(
        "doubles become the nearest integer and never trap",
        arguments: [
            (1e30, Int.max), (-1e30, .min), (.infinity, .max), (-.infinity, .min), (.nan, 0), (2.9, 2), (-2.9, -2),
            (9.3e18, .max), (0, 0),
        ] as [(Double, Int)])
    func integers(value: Double, expected: Int) {
        #expect(Int(clamping: value) == expected)
        #expect(UInt8(clamping: value) == UInt8(clamping: expected))
    }

    @Test("durations are bounded", arguments: [1e30, .infinity, 1e300] as [Double])
    func durations(seconds: Double) {
        #expect(Duration.clamping(seconds: seconds) == .seconds(30 * 86_400))
        #expect(Duration.clamping(seconds: seconds, maximum: 2) == .seconds(2))
        #expect(Duration.clamping(seconds: -seconds) == .zero)
        #expect(Duration.clamping(seconds: .nan) == .zero)
        #expect(Duration.clamping(seconds: 1.5) == .seconds(1.5))
    }

    @Test("a long text is cut, marked, and within its bound", arguments: 0..<60)
    func cut(bytes: Int) {
        let text = String(repeating: "aä€😀", count: 1000)
        let result = text.bounded(to: bytes)
        #expect(result.utf8.count <= bytes)
        #expect(text.hasPrefix(result.prefix { $0 != "…" }))
        if bytes >= 40 { #expect(result.hasSuffix("… [cut, 10000 bytes]")) }
    }

    @Test("a short text stays")
    func short() {
        #expect("aä€😀".bounded(to: 10) == "aä€😀")
        #expect("".bounded(to: 0) == "")
    }

    @Test(
        "nothing in a printable text controls a terminal",
        arguments: [
            ("\u{1B}[2Jgone", #"\u{1B}[2Jgone"#), ("a\r\nb", #"a\r\nb"#), ("\u{9B}31m", #"\u{9B}31m"#),
            ("x\u{7F}", #"x\u{7F}"#), ("\u{202E}gpj.exe", #"\u{202E}gpj.exe"#), ("a\tb", #"a\tb"#),
            ("\u{2028}", #"\u{2028}"#), ("\u{2067}a\u{2069}", #"\u{2067}a\u{2069}"#), ("żółw 🐢 مرحبا", "żółw 🐢 مرحبا"),
        ])
    func printable(text: String, expected: String) {
        #expect(text.printable() == expected)
    }

    @Test("printable JSON is the same value")
    func json() {
        let text = "{\n  \"a\" : \"x\u{7F}\u{9B}31m\u{202E}\"\n}"
        #expect(text.printableJSON() == "{\n  \"a\" : \"x\\u007f\\u009b31m\\u202e\"\n}")
        #expect("{\"a\":1}".printableJSON() == "{\"a\":1}")
    }

    @Test("line feeds may stay, carriage returns never do")
    func lines() {
        #expect("a\r\nb\n\u{1B}c".printable(lineBreaks: .kept) == "a\\r\nb\n\\u{1B}c")
    }
}
