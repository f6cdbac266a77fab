import Foundation
import Testing

@testable import Orchestrator

@Suite struct PackedTextTests {
    @Test(
        "texts of any length come back as they were, and long ones are shorter in between",
        arguments: [
            "{}", "{\"a\":\"ä\"}", "{" + String(repeating: "\"segment_id\",", count: 20_000), "",
        ])
    func roundTrip(_ text: String) {
        let packed = PackedText.pack(Data(text.utf8))
        #expect(PackedText.unpack(packed) == Data(text.utf8))
        if text.utf8.count > 1000 { #expect(packed.count < text.utf8.count / 10) }
    }

    @Test("text that was stored as it is is read")
    func plain() {
        #expect(PackedText.unpack(Data("{\"state\":\"finished\"}".utf8)) == Data("{\"state\":\"finished\"}".utf8))
    }

    @Test("bytes that are damaged, cut, or promise a length that they do not have are nothing")
    func damaged() {
        let packed = PackedText.pack(Data(String(repeating: "segment", count: 100).utf8))
        for count in 0..<packed.count { #expect(PackedText.unpack(packed.prefix(count)) == nil) }
        for place in 0..<5 {
            var other = packed
            other[place] = other[place] &+ 1
            #expect(PackedText.unpack(other) == nil, "\(place)")
        }
        #expect(PackedText.unpack(Data([1, 255, 255, 255, 255, 0x78, 0x9C])) == nil)
        #expect(PackedText.unpack(Data([0])) == nil)
        var noise = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var other = packed
            other[Int.random(in: 5..<packed.count, using: &noise)] = UInt8.random(in: 0...255, using: &noise)
            let text = PackedText.unpack(other)
            #expect(text == nil || text == PackedText.unpack(packed))
        }
    }
}
