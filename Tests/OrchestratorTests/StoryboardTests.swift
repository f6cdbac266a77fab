import Contracts
import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Orchestrator

@Suite struct StoryboardTests {
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

    @Test("id or segment_id, text or number, with unknown members")
    func accepted() throws {
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

    @Test("every violation is told at once, each with its JSON pointer")
    func all() {
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

    @Test("1000 segments are a storyboard, none and 1001 are not")
    func counts() throws {
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

    @Test("what is no JSON says where it stops", arguments: ["{\"segments\": [\n  {\"id\": NaN}]}", "", "{", "[]"])
    func noJSON(_ text: String) {
        let error = #expect(throws: ServiceError.self) { try read(text) }
        #expect(error?.kind == .invalidParams)
        if text.contains("NaN") { #expect(error?.message.contains("line 2, column 10") == true) }
    }

    @Test("a byte order mark is no part of the text")
    func byteOrderMark() throws {
        let text = "{\"segments\":[{\"id\":1,\"duration\":1,\"visual_guidance\":\"x\"}]}"
        #expect(try read("\u{FEFF}" + text).segments.map(\.id) == ["1"])
        #expect(violations("\u{FEFF}").first?.contains("line 1, column 1") == true)
    }

    @Test(
        "text in another encoding is named",
        arguments: [[0xFF, 0xFE], [0xFE, 0xFF], [0x7B, 0], [0, 0x7B]] as [[UInt8]])
    func encodings(_ first: [UInt8]) {
        let error = #expect(throws: ServiceError.self) {
            try Storyboard(Data(first + [0x7B, 0, 0x7D, 0]), name: "storyboard.json")
        }
        #expect(error?.kind == .invalidParams && error?.message.contains("save it as UTF-8") == true)
    }

    @Test("a storyboard over 8 MiB is too large")
    func size() {
        let error = #expect(throws: ServiceError.self) { try read(String(repeating: " ", count: 8 * 1024 * 1024 + 1)) }
        #expect(error?.kind == .tooLarge)
    }
}

@Suite struct NarrationFinderTests {
    @Test("a stem that is the id beats one that contains it as a word")
    func names() {
        let found = NarrationFinder.find(
            segments: ["1", "seg_2", "3"],
            names: ["take-10.mp3", "x 1 y.wav", "seg_2.ogg", "seg_2.mp3", "notes.txt", "old_seg_2.mp3"])
        #expect(found == .init(finding: .perSegment(["x 1 y.wav", "seg_2.mp3", nil])))
    }

    @Test("a file narrates one segment only, found by the earliest word, and the other reading is a warning")
    func ambiguous() {
        let names = ["seg_2_take_1.wav", "seg_1_take_2.wav"]
        for names in [names, names.reversed()] {
            let found = NarrationFinder.find(segments: ["1", "2"], names: names)
            #expect(found.finding == .perSegment(["seg_1_take_2.wav", "seg_2_take_1.wav"]))
            #expect(
                found.warnings == [
                    "1: the names seg_1_take_2.wav, seg_2_take_1.wav contain its id; seg_1_take_2.wav is used",
                    "2: the names seg_2_take_1.wav, seg_1_take_2.wav contain its id; seg_2_take_1.wav is used",
                ])
        }
    }

    @Test(
        "an id that is part of a longer id is not found in that one's names",
        arguments: [
            (
                ["scene", "scene_2"], ["scene_take1.wav", "scene_2_take1.wav", "scene_2_take2.wav"],
                ["scene_take1.wav", "scene_2_take1.wav"]
            ), (["1", "1.1"], ["seg_1.wav", "seg_1.1.wav", "seg_1.1_b.wav"], ["seg_1.wav", "seg_1.1.wav"]),
            (["intro", "intro_2"], ["intro_2_take.wav"], [nil, "intro_2_take.wav"]),
            (
                ["a", "b-a", "c-b-a"], ["x c-b-a.wav", "x b-a.wav", "x a.wav"], ["x a.wav", "x b-a.wav", "x c-b-a.wav"]
            ),
            // The shorter id may be there a second time.
            (["1", "1_2"], ["1_2 of 1.wav", "1_2.wav"], ["1_2 of 1.wav", "1_2.wav"]),
        ] as [([String], [String], [String?])])
    func parts(_ segments: [String], _ names: [String], _ expected: [String?]) {
        for names in [names, names.reversed()] {
            #expect(NarrationFinder.find(segments: segments, names: names).finding == .perSegment(expected))
        }
    }

    @Test("exact names come first, and what they take is free for nobody else")
    func exact() {
        let found = NarrationFinder.find(segments: ["1", "2"], names: ["1.mp3", "1_2.mp3", "2_1.mp3"])
        #expect(found.finding == .perSegment(["1.mp3", "2_1.mp3"]))
        #expect(
            found.warnings.count == 1 && found.warnings[0].contains("1_2.mp3") && found.warnings[0].contains("2_1.mp3"))
        let alone = NarrationFinder.find(segments: ["1", "2"], names: ["1.wav", "1.mp3"])
        #expect(alone == .init(finding: .perSegment(["1.mp3", nil])))
    }

    @Test("as many segments as possible have a narration")
    func matching() {
        // By position alone `a` would take the only file that `b` can have.
        let found = NarrationFinder.find(segments: ["a", "b"], names: ["a b.mp3", "x a.mp3"])
        #expect(found.finding == .perSegment(["x a.mp3", "a b.mp3"]))
        let one = NarrationFinder.find(segments: ["1", "2"], names: ["take 1 of 2.mp3"])
        #expect(one.finding == .perSegment(["take 1 of 2.mp3", nil]))
        #expect(one.warnings == ["2: the names take 1 of 2.mp3 contain its id, but each narrates another segment"])
    }

    @Test("formats of one recording are no ambiguity")
    func formats() {
        let found = NarrationFinder.find(segments: ["1"], names: ["take 1.wav", "take 1.mp3"])
        #expect(found == .init(finding: .perSegment(["take 1.mp3"])))
    }

    @Test("a thousand segments with names that contain many ids are assigned without a file used twice")
    func many() {
        let ids = (1...300).map(String.init)
        let names = ids.map { "take \($0) of 300.wav" }
        guard case .perSegment(let found) = NarrationFinder.find(segments: ids, names: names).finding else { return }
        #expect(found == names)
    }

    @Test("one narration file serves the whole film where no segment has its own")
    func whole() {
        #expect(
            NarrationFinder.find(segments: ["a", "b"], names: ["narration.m4a"]).finding == .whole("narration.m4a"))
        #expect(
            NarrationFinder.find(segments: ["a", "b"], names: ["narration.m4a", "b.mp3"]).finding
                == .perSegment([nil, "b.mp3"]))
    }
}

@Suite struct OptionsCheckTests {
    @Test("an unknown option is named with the nearest known one, beside every other fault")
    func unknown() {
        let error = #expect(throws: ServiceError.self) {
            try OptionsCheck.read(["fade_sec": 0.5, "fps": 31, "mode": "wipe", "image_concurrency": 0])
        }
        let lines = error?.detail?.split(separator: "\n") ?? []
        #expect(lines.count == 4)
        #expect(lines[0] == "/options/fade_sec: there is no such option; did you mean fade_s?")
        #expect(lines.contains("/options/mode: expected one of simple, fade"))
        #expect(error?.kind == .invalidParams)
    }

    @Test("what cannot be done is refused, not passed over")
    func later() {
        for options: JSONValue in [
            ["motion": "wobble"], ["captions": "loud"], ["loudness_lufs": 3], ["fade_in_s": 11], ["fit": "stretch"],
            ["stitch_backend": "cloud"],
        ] {
            #expect(throws: ServiceError.self) { try OptionsCheck.read(options) }
        }
    }

    @Test("good options come through")
    func good() throws {
        let options = try OptionsCheck.read(["mode": "fade", "fade_s": 1, "fps": 25, "max_cost_usd": 0.5])
        #expect(options.mode == .fade)
        let path: JSONValue = [
            "motion": [
                "from": ["x": 0, "y": 0, "width": 1, "height": 1],
                "to": ["x": 0.1, "y": 0.1, "width": 0.8, "height": 0.8],
            ], "captions": "burned", "loudness_lufs": -16,
        ]
        guard case .path(let between)? = try OptionsCheck.read(path).motion else { throw CancellationError() }
        #expect(between.to.width == 0.8)
        #expect(options.fps == 25)
        #expect(options.maxCost?.micros == 500_000)
    }
}
