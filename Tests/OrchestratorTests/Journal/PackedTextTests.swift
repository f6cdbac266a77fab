// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct PackedTextTests {
    @Test(arguments: [
        "{}", "{\"a\":\"ä\"}", "{" + String(repeating: "\"segment_id\",", count: 20_000), "",
    ])
    func `texts of any length survive a round trip, and long ones are compressed`(_ text: String) {
        let packed = PackedText.pack(Data(text.utf8))
        #expect(PackedText.unpack(packed) == Data(text.utf8))
        if text.utf8.count > 1000 { #expect(packed.count < text.utf8.count / 10) }
    }

    @Test
    func `uncompressed text is read as it is`() {
        #expect(PackedText.unpack(Data("{\"state\":\"finished\"}".utf8)) == Data("{\"state\":\"finished\"}".utf8))
    }

    @Test
    func `bytes that are damaged, truncated or of the wrong length are rejected`() {
        let packed = PackedText.pack(Data(String(repeating: "segment", count: 100).utf8))
        for count in 0..<packed.count { #expect(PackedText.unpack(packed.prefix(count)) == nil) }
        for offset in 0..<5 {
            var other = packed
            other[offset] = other[offset] &+ 1
            #expect(PackedText.unpack(other) == nil, "\(offset)")
        }
        #expect(PackedText.unpack(Data([1, 255, 255, 255, 255, 0x78, 0x9C])) == nil)
        #expect(PackedText.unpack(Data([0])) == nil)
        var generator = SeededGenerator(for: "PackedTextTests")
        for _ in 0..<200 {
            var other = packed
            other[Int.random(in: 5..<packed.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            let text = PackedText.unpack(other)
            #expect(text == nil || text == PackedText.unpack(packed))
        }
    }
}
