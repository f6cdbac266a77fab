// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct ErrorClassificationTests {
    @Test(
        arguments: [
            (["contentFilter"], .contentRejected), (["CONTENT_FILTERED"], .contentRejected),
            (["server_error", "moderation_blocked"], .contentRejected), (["insufficient_quota"], .noCredit),
            (["rate_limit_exceeded"], .rateLimited), (["ModelNotFound"], .modelNotFound),
            (["invalid-api-key"], .unauthorized), (["server_error"], nil), ([], nil),
        ] as [([String], ErrorClassification.Cause?)])
    func `a code is recognized in any case and with any separator`(
        _ codes: [String], _ cause: ErrorClassification.Cause?
    ) {
        #expect(ErrorClassification.cause(codes: codes, message: "") == cause)
    }

    @Test(
        arguments: [
            ("Your request was rejected by our safety system.", .contentRejected),
            ("You exceeded your current quota", .noCredit), ("BALANCE IS NOT ENOUGH", .noCredit),
            ("the parameter moderation is invalid", nil), ("internal error", nil),
        ] as [(String, ErrorClassification.Cause?)])
    func `a message shows the cause if there is no known code`(_ message: String, _ cause: ErrorClassification.Cause?) {
        #expect(ErrorClassification.cause(codes: ["server_error"], message: message) == cause)
    }

    @Test func `a known code takes precedence over the message, except for credit reported as a rate limit`() {
        let codes = ["rate_limit_exceeded"]
        #expect(ErrorClassification.cause(codes: codes, message: "this violates our policy") == .rateLimited)
        #expect(ErrorClassification.cause(codes: codes, message: "You exceeded your current quota") == .noCredit)
        let blocked = "The resource has been temporarily blocked because of the content policy."
        #expect(ErrorClassification.cause(codes: ["content_filter"], message: blocked) == .unauthorized)
    }

    @Test(
        arguments: [
            ("too many requests", "too many requests"), ("  two\n words ", "two words"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"), ("no <pre>secret</pre>", "no"),
            ("no data:image/png;base64,AAAA", "no"), ("data:image/png;base64,AAAA", nil),
            ("<html><body>secret</body></html>", nil), ("\u{FFFD}\u{FFFD}\u{FFFD} binary", nil), ("", nil),
        ] as [(String, String?)])
    func `a readable message ends before markup and data`(_ message: String, _ expected: String?) {
        #expect(ErrorClassification.readable(message) == expected)
    }

    @Test func `long words and wrapped base64 are data, and a message has at most 300 bytes`() {
        let (long, longest) = (String(repeating: "A", count: 60), String(repeating: "A", count: 59))
        #expect(ErrorClassification.readable("no \(long) more") == "no")
        #expect(ErrorClassification.readable("no \(longest)") == "no \(longest)")
        let line = String(repeating: "Q", count: 24)
        #expect(ErrorClassification.readable("no \(line)\n\(line)") == "no")
        let url = "https://x.y/" + String(repeating: "a", count: 107)
        #expect(ErrorClassification.readable("see \(url)") == "see \(url)")
        #expect(ErrorClassification.readable("see \(url)a") == "see")
        let cut = ErrorClassification.readable(String(repeating: "no ", count: 400)) ?? ""
        #expect(cut.hasPrefix("no no") && cut.utf8.count <= 300)
    }
}
