// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct StoryboardTests {
    private func read(_ text: String) throws(ServiceError) -> Storyboard {
        try Storyboard(Data(text.utf8), name: "storyboard.json")
    }

    private func violations(_ text: String) -> [String] {
        do throws(ServiceError) {
            _ = try read(text)
            return []
        } catch {
            return (error.detail ?? error.message).split(separator: "\n").map(String.init)
        }
    }

    @Test
    func `ids are read from id or segment_id, as text or number, and unknown members are kept`() throws {
        let board = try read(
            """
            {"title": "t", "segments": [
              {"id": "seg_001", "duration": 15.0, "visual_guidance": "a", "narration": "n", "mood": 3},
              {"segment_id": 2, "duration": 0.1, "visual_guidance": "b", "audio": "agent4/x.mp3"}]}
            """)
        #expect(board.segments.map(\.id) == ["seg_001", "2"])
        #expect(board.segments[1].audio == "agent4/x.mp3")
        #expect(board.json["segments"]?.array?[0]["mood"] == .integer(3))
    }

    @Test
    func `all violations are reported at once, each with its JSON pointer`() {
        let found = violations(
            """
            {"segments": [
              {"id": "a", "duration": -1, "visual_guidance": "x"},
              {"id": "a", "duration": 0, "visual_guidance": " \\n"},
              {"id": "../x", "duration": 3601, "visual_guidance": "x"},
              {"duration": "5", "visual_guidance": 7},
              {"id": "..", "duration": 1e300, "visual_guidance": "x", "narration": 5, "audio": ""},
              9]}
            """)
        let pointers = found.map { $0.split(separator: ":")[0] }
        #expect(
            pointers == [
                "/segments/0/duration", "/segments/1/id", "/segments/1/duration", "/segments/1/visual_guidance",
                "/segments/2/id", "/segments/2/duration", "/segments/3/id", "/segments/3/duration",
                "/segments/3/visual_guidance", "/segments/4/id", "/segments/4/duration", "/segments/4/narration",
                "/segments/4/audio", "/segments/5",
            ])
        #expect(found[0] == "/segments/0/duration: expected a number of seconds from 0.1 to 3600, found -1.0")
        #expect(found[1].contains("/segments/0"))
    }

    @Test
    func `a storyboard has 1 to 1000 segments`() throws {
        func board(_ count: Int) -> String {
            let segments = (0..<count).map { "{\"id\":\($0),\"duration\":1,\"visual_guidance\":\"x\"}" }
            return "{\"segments\":[\(segments.joined(separator: ","))]}"
        }
        #expect(try read(board(1000)).segments.count == 1000)
        #expect(
            violations(board(1001))
                == ["storyboard.json: /segments: expected 1 to 1000 segments, found 1001"].map {
                    String($0.dropFirst(17))
                })
        #expect(violations(board(0)).count == 1)
    }

    @Test(arguments: ["{\"segments\": [\n  {\"id\": NaN}]}", "", "{", "[]"])
    func `invalid JSON is rejected with the position of the fault`(_ text: String) {
        let error = #expect(throws: ServiceError.self) { try read(text) }
        #expect(error?.kind == .invalidParams)
        if text.contains("NaN") { #expect(error?.message.contains("line 2, column 10") == true) }
    }

    @Test
    func `a byte order mark is skipped`() throws {
        let text = "{\"segments\":[{\"id\":1,\"duration\":1,\"visual_guidance\":\"x\"}]}"
        #expect(try read("\u{FEFF}" + text).segments.map(\.id) == ["1"])
        #expect(violations("\u{FEFF}").first?.contains("line 1, column 1") == true)
    }

    @Test(arguments: [[0xFF, 0xFE], [0xFE, 0xFF], [0x7B, 0], [0, 0x7B]] as [[UInt8]])
    func `text in another encoding is rejected with a hint to use UTF-8`(_ first: [UInt8]) {
        let error = #expect(throws: ServiceError.self) {
            try Storyboard(Data(first + [0x7B, 0, 0x7D, 0]), name: "storyboard.json")
        }
        #expect(error?.kind == .invalidParams && error?.message.contains("save it as UTF-8") == true)
    }

    @Test
    func `a storyboard over 8 MiB is too large`() {
        let error = #expect(throws: ServiceError.self) { try read(String(repeating: " ", count: 8 * 1024 * 1024 + 1)) }
        #expect(error?.kind == .tooLarge)
    }
}
