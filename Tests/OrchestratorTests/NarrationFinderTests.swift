// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct NarrationFinderTests {
    @Test
    func `a file named exactly as the id is preferred to one that contains the id as a word`() {
        let found = NarrationFinder.find(
            segments: ["1", "seg_2", "3"],
            names: ["take-10.mp3", "x 1 y.wav", "seg_2.ogg", "seg_2.mp3", "notes.txt", "old_seg_2.mp3"])
        #expect(found == .init(finding: .perSegment(["x 1 y.wav", "seg_2.mp3", nil])))
    }

    @Test
    func `a file that contains several ids narrates the segment of the first one, with a warning`() {
        let names = ["seg_2_take_1.wav", "seg_1_take_2.wav"]
        for names in [names, names.reversed()] {
            let found = NarrationFinder.find(segments: ["1", "2"], names: names)
            #expect(found.finding == .perSegment(["seg_1_take_2.wav", "seg_2_take_1.wav"]))
            #expect(
                found.warnings == [
                    "1: seg_1_take_2.wav, seg_2_take_1.wav match its id; seg_1_take_2.wav is used",
                    "2: seg_2_take_1.wav, seg_1_take_2.wav match its id; seg_2_take_1.wav is used",
                ])
        }
    }

    @Test(
        arguments: [
            (
                ["scene", "scene_2"], ["scene_take1.wav", "scene_2_take1.wav", "scene_2_take2.wav"],
                ["scene_take1.wav", "scene_2_take1.wav"]
            ), (["1", "1.1"], ["seg_1.wav", "seg_1.1.wav", "seg_1.1_b.wav"], ["seg_1.wav", "seg_1.1.wav"]),
            (["intro", "intro_2"], ["intro_2_take.wav"], [nil, "intro_2_take.wav"]),
            (
                ["a", "b-a", "c-b-a"], ["x c-b-a.wav", "x b-a.wav", "x a.wav"], ["x a.wav", "x b-a.wav", "x c-b-a.wav"]
            ),
            // The shorter id occurs a second time.
            (["1", "1_2"], ["1_2 of 1.wav", "1_2.wav"], ["1_2 of 1.wav", "1_2.wav"]),
        ] as [([String], [String], [String?])])
    func `an id is not found in names of a longer id that contains it`(
        _ segments: [String], _ names: [String], _ expected: [String?]
    ) {
        for names in [names, names.reversed()] {
            #expect(NarrationFinder.find(segments: segments, names: names).finding == .perSegment(expected))
        }
    }

    @Test
    func `exact names are assigned first, and each file only once`() {
        let found = NarrationFinder.find(segments: ["1", "2"], names: ["1.mp3", "1_2.mp3", "2_1.mp3"])
        #expect(found.finding == .perSegment(["1.mp3", "2_1.mp3"]))
        #expect(
            found.warnings.count == 1 && found.warnings[0].contains("1_2.mp3") && found.warnings[0].contains("2_1.mp3"))
        let alone = NarrationFinder.find(segments: ["1", "2"], names: ["1.wav", "1.mp3"])
        #expect(alone == .init(finding: .perSegment(["1.mp3", nil])))
    }

    @Test
    func `files are assigned so that as many segments as possible have a narration`() {
        // By position alone, `a` would be assigned the only file for `b`.
        let found = NarrationFinder.find(segments: ["a", "b"], names: ["a b.mp3", "x a.mp3"])
        #expect(found.finding == .perSegment(["x a.mp3", "a b.mp3"]))
        let one = NarrationFinder.find(segments: ["1", "2"], names: ["take 1 of 2.mp3"])
        #expect(one.finding == .perSegment(["take 1 of 2.mp3", nil]))
        #expect(one.warnings == ["2: take 1 of 2.mp3 matches its id, but is used for another segment"])
    }

    @Test
    func `several formats of one recording are not ambiguous`() {
        let found = NarrationFinder.find(segments: ["1"], names: ["take 1.wav", "take 1.mp3"])
        #expect(found == .init(finding: .perSegment(["take 1.mp3"])))
    }

    @Test
    func `300 files whose names all contain two ids are each assigned to their own segment`() {
        let ids = (1...300).map(String.init)
        let names = ids.map { "take \($0) of 300.wav" }
        guard case .perSegment(let found) = NarrationFinder.find(segments: ids, names: names).finding else { return }
        #expect(found == names)
    }

    @Test
    func `a single narration file is used for the whole film if no segment has its own`() {
        #expect(
            NarrationFinder.find(segments: ["a", "b"], names: ["narration.m4a"]).finding == .whole("narration.m4a"))
        #expect(
            NarrationFinder.find(segments: ["a", "b"], names: ["narration.m4a", "b.mp3"]).finding
                == .perSegment([nil, "b.mp3"]))
    }
}
