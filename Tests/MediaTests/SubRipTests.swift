// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Media

/// How players based on ffmpeg show caption files and text tracks, checked with ffmpeg.
@Suite(.timeLimit(.minutes(3))) struct SubRipTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// The visible scalars, with the original braces.
    private func visible(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.compactMap { scalar in
            switch scalar {
            case "\u{2060}": nil
            case "\u{FF5B}": "{"
            case "\u{FF5D}": "}"
            default: scalar
            }
        }
    }

    /// The text of each cue of a file as ffmpeg reads it.
    private func shown(_ name: String, stream: String = "0:s:0") throws -> [String] {
        let file = String(
            decoding: try bench.runBytes("ffmpeg", ["-v", "error", "-i", name, "-map", stream, "-f", "webvtt", "-"]),
            as: UTF8.self)
        var cues: [[Substring]] = []
        for line in file.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Substring.init) {
            if line.contains(" --> "), line.first?.isNumber == true, line.contains(".") {
                cues.append([])
            } else if !cues.isEmpty {
                cues[cues.count - 1].append(line)
            }
        }
        return cues.map { lines in
            var lines = lines
            while lines.last?.isEmpty == true { lines.removeLast() }
            return lines.joined(separator: "\n")
        }
    }

    /// Texts that must survive ffmpeg unchanged; none is blank.
    private static let texts: [[String]] = [
        ["Array<String>"], ["<b>bold</b>"], ["a < b > c"], ["<", "b>"], ["x <br> y"], ["<font color=red>x</font>"],
        ["{\\an8}top"], ["{x} y"], ["{y:i}z"], ["{", "}"], ["{\\"], ["\\{x\\}"], ["C:\\new\\Names\\hall"],
        ["a\\Nb\\nc\\hd"], ["1 --> 2"], ["00:00:01,000 --> 00:00:02,000", "words"], ["42"], ["7", "8"],
        ["&amp; &lt;b&gt; &nbsp; &#60;"], ["one"], ["<!-- c -->", "</i>"], ["if (a<b && c>d) { return }"],
        ["\u{5D0}\u{5D1} <\u{5D2}> \u{202B}x\u{202C}"], ["<\u{338}b>"], ["- first", "- second"], ["x {a} {b"],
    ]

    @Test
    func `players based on ffmpeg show the text of a SubRip file unchanged, markup included`() throws {
        let cues = Self.texts.enumerated().map { index, lines in
            CaptionCue(start: Double(index), end: Double(index) + 0.9, lines: lines)
        }
        try bench.write("a.srt", CaptionFile.srt(cues).utf8)
        let found = try shown("a.srt")
        try #require(found.count == cues.count)
        for (cue, text) in zip(cues, found) {
            #expect(visible(text) == Array(cue.lines.joined(separator: "\n").unicodeScalars), "\(cue.lines)")
        }
        #expect(CaptionFile.parse(CaptionFile.srt(cues)).count == cues.count)
    }

    @Test(
        arguments: 1...4
    )
    func `random markup survives ffmpeg, and nothing is an override block for libass`(_ seed: UInt64) throws {
        // Spreads small seeds.
        var random = SeededGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15)
        let pieces = [
            "<", ">", "{", "}", "\\", "/", "b", "i", "font", "an8", "-->", "-", "&", ";", "amp", "lt", "#60", "N", "n",
            "h",
            " ", "x", "1", "y:", "=", "\"", "\u{301}", "é", "字", "\u{202E}", "\u{1F600}", "!--",
        ]
        let cues = (0..<200).map { index in
            let lines = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                "a" + (0..<8).map { _ in pieces.randomElement(using: &random) ?? "" }.joined() + "z"
            }
            return CaptionCue(start: Double(index), end: Double(index) + 0.9, lines: lines)
        }
        try bench.write("a.srt", CaptionFile.srt(cues).utf8)
        let found = try shown("a.srt")
        try #require(found.count == cues.count)
        for (cue, text) in zip(cues, found) {
            #expect(
                visible(text) == Array(cue.lines.joined(separator: "\n").unicodeScalars), "seed \(seed): \(cue.lines)")
        }
        let styled = try bench.run("ffmpeg", "-v", "error", "-i", "a.srt", "-f", "ass", "-")
        for line in styled.split(separator: "\n") where line.hasPrefix("Dialogue") {
            #expect(!(line.contains("{") && line.contains("}")), "\(line)")
        }
    }

    @Test
    func `control characters, byte order marks and blank lines are not shown and end no cue`() throws {
        let cues = [
            CaptionCue(start: 0, end: 1, lines: ["\u{FEFF}one\u{0}two\u{1B}[31m", "", "three\rfour"]),
            CaptionCue(start: 1, end: 2, lines: ["five"]),
        ]
        try bench.write("a.srt", CaptionFile.srt(cues).utf8)
        #expect(try shown("a.srt") == ["onetwo[31m\nthree\nfour", "five"])
    }

    @Test
    func `a film's text track shows its text unchanged`() throws {
        let clip = try bench.clip("c.mp4", frames: 300, of: try bench.picture("a.png"))
        let texts = [["Array<String>"], ["{x} y"], ["{\\an8}top"], ["C:\\new\\Names"], ["&amp;", "<b>"]]
        var recipe = FilmRecipe(parts: [FilmPart(clip: clip, frames: 300, audio: nil, title: "c")], format: try small())
        recipe.captions = texts.enumerated().map { index, lines in
            CaptionCue(start: Double(index), end: Double(index) + 0.9, lines: lines)
        }
        _ = try Film.stitch(recipe, output: bench.path("f.mp4"))
        let found = try shown("f.mp4")
        try #require(found.count == texts.count)
        for (lines, text) in zip(texts, found) {
            #expect(visible(text) == Array(lines.joined(separator: "\n").unicodeScalars), "\(lines)")
        }
    }
}
