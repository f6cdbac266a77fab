import Testing
import Untrusted

@Suite(.timeLimit(.minutes(1))) struct ChildLinesTests {
    @Test("lines arrive whole, however the bytes are split, and without controls")
    func split() {
        let text = "one\r\n\ntwo \u{1B}[2J\nth"
        for size in 1...text.utf8.count {
            var lines = ChildLines()
            var found: [String] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                found += lines.append(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(found == ["one", #"two \u{1B}[2J"#])
            #expect(lines.finish() == ["th"])
            #expect(lines.finish() == [])
        }
    }

    @Test("a line of any length costs no more than its bound, and the next line is whole")
    func long() {
        var lines = ChildLines()
        for _ in 0..<100 { #expect(lines.append(repeatElement(UInt8(ascii: "x"), count: 10_000)) == []) }
        let found = lines.append(Array("\nnext\n".utf8))
        #expect(found.count == 2 && found[1] == "next")
        #expect(found[0].utf8.count < TextBound.logLine + 50)
        #expect(found[0].hasSuffix("x… [cut, 1000000 bytes]"))
    }
}
