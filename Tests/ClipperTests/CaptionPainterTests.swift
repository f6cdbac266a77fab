// SPDX-License-Identifier: Apache-2.0

import Testing
import Timebase

@testable import Clipper
@testable import Media

/// Burned-in captions; needs at least one installed font.
@Suite(.timeLimit(.minutes(1))) struct CaptionPainterTests {
    private let painter: CaptionPainter

    init() throws { painter = CaptionPainter(format: try VideoFormat(width: 640, height: 360, rate: FrameRate(30))) }

    private func frames(_ cues: [(start: Double, end: Double)], of count: Int) throws -> [Range<Int>] {
        let cues = cues.map { CaptionCue(start: $0.start, end: $0.end, lines: ["Harbour"]) }
        return try painter.overlays(cues, frames: count).map(\.frames)
    }

    @Test func `a cue becomes an overlay over its frames`() throws {
        #expect(try frames([(0, 1), (1.5, 2)], of: 90) == [0..<30, 45..<60])
    }

    @Test func `overlapping cues follow each other`() throws {
        #expect(try frames([(0, 2), (1, 3)], of: 120) == [0..<60, 60..<90])
    }

    @Test func `a cue within its predecessor is dropped`() throws {
        #expect(try frames([(0, 3), (1, 2), (3, 4)], of: 150) == [0..<90, 90..<120])
    }

    @Test func `cues are cut at the end of the clip, and dropped beyond it`() throws {
        #expect(try frames([(1, 9), (9, 10)], of: 45) == [30..<45])
        #expect(try frames([(2, 3)], of: 45) == [])
    }

    @Test func `the box is centred near the lower edge, at even positions and sizes`() throws {
        let cue = CaptionCue(start: 0, end: 1, lines: ["The harbour wakes", "before the sun does"])
        let overlay = try #require(try painter.overlays([cue], frames: 30).first)
        for number in [overlay.x, overlay.y, overlay.width, overlay.height] { #expect(number % 2 == 0) }
        #expect(abs(overlay.x + overlay.width / 2 - 320) <= 2)
        #expect(overlay.y > 180 && overlay.y + overlay.height < 360)
    }

    @Test func `a caption of two lines is higher than one of one line`() throws {
        func height(_ lines: [String]) throws -> Int {
            try #require(try painter.overlays([CaptionCue(start: 0, end: 1, lines: lines)], frames: 30).first).height
        }
        #expect(try height(["Harbour", "master"]) > height(["Harbour"]))
    }

    @Test func `a line of 42 columns fits into a portrait picture`() throws {
        let portrait = CaptionPainter(format: try VideoFormat(width: 360, height: 640))
        let cue = CaptionCue(start: 0, end: 1, lines: ["The harbour master wakes before the harbour."])
        let overlay = try #require(try portrait.overlays([cue], frames: 30).first)
        #expect(overlay.width <= 360 && overlay.width > 250, "\(overlay.width)")
        #expect(overlay.x >= 0 && overlay.x + overlay.width <= 360)
    }
}
