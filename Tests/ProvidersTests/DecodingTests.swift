// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct DecodingTests {
    private func base64(_ text: String, isPercentEncoded: Bool = false) -> [UInt8]? {
        var characters = text.utf8.makeIterator()
        return LenientBase64.decode(&characters, size: text.utf8.count, isPercentEncoded: isPercentEncoded)
    }

    /// The characters of the contents of a JSON string; `nil` if it is broken.
    private func characters(_ text: String, hasEscapes: Bool = true) -> [UInt8]? {
        Array(text.utf8).withUnsafeBufferPointer { buffer in
            var iterator = JSONTextBytes(buffer, hasEscapes: hasEscapes)
            var output: [UInt8] = []
            while let byte = iterator.next() { output.append(byte) }
            return iterator.isBroken ? nil : output
        }
    }

    @Test func `base64 is decoded in both alphabets, with and without padding and white space`() {
        let bytes: [UInt8] = [0xFB, 0xFF, 0xFE, 0x00]
        for text in ["+//+AA==", "-__-AA", "-__-AA==", "+/ /+\r\nAA==", "\t+//+AA = ="] {
            #expect(base64(text) == bytes, "\(text)")
        }
        #expect(base64("%2B//%2BAA%3D%3D", isPercentEncoded: true) == bytes)
    }

    @Test(arguments: ["", "====", "A", "AAAAA", "AA=A", "AA====", "AA*A", "AAA%", "AAAA\u{e9}"])
    func `invalid base64 is rejected`(_ text: String) {
        #expect(base64(text) == nil)
        #expect(base64(text, isPercentEncoded: true) == nil)
    }

    @Test func `the head of a data URI has at most 1023 bytes`() {
        let head = "data:image/png;x="
        let longest = head + String(repeating: "a", count: 1023 - head.utf8.count)
        #expect(DataURI("\(longest),AB")?.bytes == Data("AB".utf8))
        #expect(DataURI("\(longest)a,AB") == nil)
        #expect(DataURI(String(repeating: "data:", count: 10_000)) == nil)
    }

    @Test func `a data URI of a megabyte is decoded whole`() {
        let bytes = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let uri = DataURI("data:video/mp4;base64,\(bytes.base64EncodedString())")
        #expect(uri?.bytes == bytes && uri?.mediaType == "video/mp4")
        #expect(DataURI("data:;base64,AAAA")?.mediaType == "")
    }

    @Test func `the escapes of a JSON string are resolved, and invalid ones break it`() {
        #expect(characters(#"a\/\u002B\n\""#) == Array("a/+\n\"".utf8))
        #expect(characters(#"a\/"#, hasEscapes: false) == Array(#"a\/"#.utf8))
        for text in [#"\q"#, #"\"#, #"\u00"#, #"\u00zz"#, #"\u00e9"#, "\u{e9}"] {
            #expect(characters(text) == nil, "\(text)")
        }
    }

    @Test func `links are limited in number, depth and length`() {
        let list = JSONValue.array((0..<10).map { JSONValue.string("https://x.y/\($0).mp4") })
        #expect(MediaLinks.find(.video, in: list) == (0..<4).map { "https://x.y/\($0).mp4" })
        var nested: JSONValue = "https://x.y/a.mp4"
        for _ in 0..<8 { nested = .array([nested]) }
        #expect(MediaLinks.find(.video, in: nested) == ["https://x.y/a.mp4"])
        #expect(MediaLinks.find(.video, in: .array([nested])).isEmpty)
        let long = "https://x.y/" + String(repeating: "a", count: 8192 - 12)
        #expect(MediaLinks.find(.video, in: .string(long)) == [long])
        #expect(MediaLinks.find(.video, in: .string(long + "a")).isEmpty)
        #expect(MediaLinks.find(.image, in: ["b64_json": "AAAAAAAAAAAAAAAA"]).isEmpty)
    }

    @Test func `a status word in any case is recognised`() {
        for word in ["SUCCEEDED", "Succeeded", "task_status_succeeded", "JOB-STATE-SUCCEEDED"] {
            #expect(OrderStatusWord(word) == .succeeded, "\(word)")
        }
        #expect(OrderStatusWord.mayDescribeRequest("ERROR") && !OrderStatusWord.mayDescribeRequest("failed"))
    }

    @Test func `only a refused order is certainly free`() {
        #expect(OrderOutcome.refused.chargeStatus == .refused)
        #expect(OrderOutcome.failed.chargeStatus == .unknown && OrderOutcome.lost.chargeStatus == .unknown)
    }
}
