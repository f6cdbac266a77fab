// SPDX-License-Identifier: Apache-2.0

import Testing
import Untrusted

@Suite(.timeLimit(.minutes(1))) struct ChildLinesTests {
    @Test
    func `lines are reassembled for every chunk size, with controls escaped`() {
        let text = "one\r\n\ntwo \u{1B}[2J\nth"
        for size in 1...text.utf8.count {
            var lines = ChildOutputLines()
            var found: [String] = []
            var remaining = Array(text.utf8)[...]
            while !remaining.isEmpty {
                found += lines.append(remaining.prefix(size))
                remaining = remaining.dropFirst(size)
            }
            #expect(found == ["one", #"two \u{1B}[2J"#])
            #expect(lines.finish() == ["th"])
            #expect(lines.finish() == [])
        }
    }

    @Test
    func `a line beyond the limit is truncated, and the next line is complete`() {
        var lines = ChildOutputLines()
        for _ in 0..<100 { #expect(lines.append(repeatElement(UInt8(ascii: "x"), count: 10_000)) == []) }
        let found = lines.append(Array("\nnext\n".utf8))
        #expect(found.count == 2 && found[1] == "next")
        #expect(found[0].utf8.count < TextBound.logLine + 50)
        #expect(found[0].hasSuffix("x… [cut, 1000000 bytes]"))
    }
}
