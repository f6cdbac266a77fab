// SPDX-License-Identifier: Apache-2.0

import Testing
import Untrusted

@Suite(.timeLimit(.minutes(1))) struct PercentEncodingTests {
    @Test
    func `every text is decoded to what was encoded, and only unreserved characters are kept`() {
        let text = String(String.UnicodeScalarView((0..<0x250).compactMap(Unicode.Scalar.init))) + "%41😀"
        let encoded = PercentEncoding.encoded(text, keeping: PercentEncoding.isUnreserved)
        #expect(PercentEncoding.decoded(encoded) == text)
        let kept = encoded.utf8.filter { $0 != UInt8(ascii: "%") }
        #expect(kept.allSatisfy(PercentEncoding.isUnreserved))
        #expect(
            encoded.contains("-.%2F0123456789%3A") && encoded.contains("%C3%A9")
                && encoded.hasSuffix("%2541%F0%9F%98%80"))
    }

    @Test(arguments: ["%", "%4", "%4g", "%g4", "%+f", "%-1", "%٤1", "%FF", "%C3"])
    func `what is not percent-encoded UTF-8 is not decoded`(text: String) {
        #expect(PercentEncoding.decoded(text) == nil)
    }
}
