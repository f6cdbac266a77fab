// SPDX-License-Identifier: Apache-2.0

import Testing
import Untrusted

@Suite("Untrusted input", .timeLimit(.minutes(1)))
struct UntrustedTests {
    @Test(
        arguments: [
            (1e30, Int.max), (-1e30, .min), (.infinity, .max), (-.infinity, .min), (.nan, 0), (2.9, 2), (-2.9, -2),
            (9.3e18, .max), (0, 0),
        ] as [(Double, Int)])
    func `doubles are converted to the nearest integer without trapping`(value: Double, expected: Int) {
        #expect(Int(clamping: value) == expected)
        #expect(UInt8(clamping: value) == UInt8(clamping: expected))
    }

    @Test(arguments: [1e30, .infinity, 1e300] as [Double])
    func `durations are clamped`(seconds: Double) {
        #expect(Duration.clamping(seconds: seconds) == .seconds(30 * 86_400))
        #expect(Duration.clamping(seconds: seconds, maximum: 2) == .seconds(2))
        #expect(Duration.clamping(seconds: -seconds) == .zero)
        #expect(Duration.clamping(seconds: .nan) == .zero)
        #expect(Duration.clamping(seconds: 1.5) == .seconds(1.5))
    }

    @Test(arguments: 0..<60)
    func `a long text is truncated with a mark, within its bound`(bytes: Int) {
        let text = String(repeating: "aä€😀", count: 1000)
        let result = text.bounded(to: bytes)
        #expect(result.utf8.count <= bytes)
        #expect(text.hasPrefix(result.prefix { $0 != "…" }))
        if bytes >= 40 { #expect(result.hasSuffix("… [cut, 10000 bytes]")) }
    }

    @Test
    func `a short text is not modified`() {
        #expect("aä€😀".bounded(to: 10) == "aä€😀")
        #expect("".bounded(to: 0) == "")
    }

    @Test(arguments: [
        ("\u{1B}[2Jgone", #"\u{1B}[2Jgone"#), ("a\r\nb", #"a\r\nb"#), ("\u{9B}31m", #"\u{9B}31m"#),
        ("x\u{7F}", #"x\u{7F}"#), ("\u{202E}gpj.exe", #"\u{202E}gpj.exe"#), ("a\tb", #"a\tb"#),
        ("\u{2028}", #"\u{2028}"#), ("\u{2067}a\u{2069}", #"\u{2067}a\u{2069}"#), ("żółw 🐢 مرحبا", "żółw 🐢 مرحبا"),
    ])
    func `control characters are escaped in printable text`(text: String, expected: String) {
        #expect(text.printable() == expected)
    }

    @Test
    func `printable JSON encodes the same value`() {
        let text = "{\n  \"a\" : \"x\u{7F}\u{9B}31m\u{202E}\"\n}"
        #expect(text.printableJSON() == "{\n  \"a\" : \"x\\u007f\\u009b31m\\u202e\"\n}")
        #expect("{\"a\":1}".printableJSON() == "{\"a\":1}")
    }

    @Test
    func `line feeds can be preserved, carriage returns are always escaped`() {
        #expect("a\r\nb\n\u{1B}c".printable(lineFeeds: .preserved) == "a\\r\nb\n\\u{1B}c")
    }
}
