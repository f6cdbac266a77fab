// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Foundation
import Testing

@testable import Media

/// Clips whose edit lists hide frames, or whose video begins later than their sound. The luma of a frame encodes its number.
@Suite(.timeLimit(.minutes(5))) struct EditListTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// Makes a clip of 3 s with sound; its frame `n` has luma `20 + 2n`.
    private func numbered(_ name: String, _ coding: String...) throws {
        let arguments =
            [
                "-f", "lavfi", "-i", "color=black:s=320x180:r=30:d=3,geq=lum='20+2*N':cb=128:cr=128,format=yuv420p",
                "-f",
                "lavfi", "-i", "sine=f=440:d=3", "-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-colorspace",
                "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv", "-c:a", "aac",
            ] + coding + [name]
        let errors = try bench.runBytes("ffmpeg", ["-v", "error", "-y"] + arguments)
        #expect(errors.isEmpty)
    }

    private func stitch(_ clip: String, frames: Int, fade: Int = 0, _ others: [FilmPart] = []) throws -> FilmReport {
        let part = FilmPart(clip: bench.path(clip), frames: frames, audio: nil, title: clip)
        return try Film.stitch(
            parts: [part] + others, output: bench.path("film.mp4"), format: try small(), fadeFrames: fade)
    }

    /// The numbers of the clip's frames in the film.
    private func shown() throws -> [Int] {
        #expect(try bench.complaints("film.mp4") == "")
        return try bench.luma("film.mp4").map { Int((Double($0 - 20) / 2).rounded()) }
    }

    /// Sets the duration of every track's edit, in milliseconds, or its media time, in ticks of the track.
    private func setEdits(_ name: String, milliseconds: UInt32? = nil, start: UInt32? = nil) throws {
        var bytes = try bench.bytes(name)
        for place in bytes.indices.dropLast(20) where bytes[place..<place + 4].elementsEqual("elst".utf8) {
            for (offset, number) in [(12, milliseconds), (16, start)] {
                guard let number else { continue }
                for index in 0..<4 { bytes[place + offset + index] = UInt8(number >> (24 - 8 * index) & 0xFF) }
            }
        }
        try bench.write(name, bytes)
    }

    private func expectWhole(_ name: String, frames: Int) throws {
        let report = try MediaProbe.probe(bench.path(name), decode: true)
        #expect(report.problems == [] && report.decodedOK == true, "\(name): \(report.problems)")
        #expect(report.frames == frames, "\(name)")
        #expect(try MediaProbe.probe(bench.path(name), decode: false).frames == frames, "\(name)")
    }

    @Test(arguments: [0, 3])
    func `frames before a cut inside a group of pictures are not shown`(_ reordered: Int) throws {
        try numbered("g.mp4", "-g", "90", "-bf", "\(reordered)")
        try bench.make("cut.mp4", "-ss", "0.7", "-i", "g.mp4", "-c", "copy")
        try expectWhole("cut.mp4", frames: 69)
        // A joiner of whole clips would show the hidden frames.
        #expect(try !ClipProperties(bench.path("cut.mp4"), format: try small()).matchesFilm)
        #expect(try ClipProperties(bench.path("g.mp4"), format: try small()).matchesFilm)
        let report = try stitch("cut.mp4", frames: 60)
        #expect(report.encodedFrames == 60)
        #expect(try shown() == Array(21..<81))
    }

    @Test
    func `a cut at a key frame is copied, without the hidden frames`() throws {
        try numbered("g.mp4", "-g", "15", "-bf", "0")
        try bench.make("cut.mp4", "-ss", "0.5", "-i", "g.mp4", "-c", "copy")
        try expectWhole("cut.mp4", frames: 75)
        let report = try stitch("cut.mp4", frames: 60)
        #expect(report.copiedFrames == 60)
        #expect(try shown() == Array(15..<75))
    }

    @Test(arguments: [0, 3])
    func `frames that an edit list cuts from the end are not shown; the last shown frame is held`(_ reordered: Int)
        throws
    {
        try numbered("g.mp4", "-g", "90", "-bf", "\(reordered)")
        try setEdits("g.mp4", milliseconds: 1500)
        try expectWhole("g.mp4", frames: 45)
        _ = try stitch("g.mp4", frames: 60)
        #expect(try shown() == Array(0..<45) + Array(repeating: 44, count: 15))
    }

    @Test
    func `a clip whose edit list shows no frame is rejected by name`() throws {
        try numbered("g.mp4", "-bf", "0")
        try setEdits("g.mp4", start: 9_000_000)
        let found = fault { _ = try stitch("g.mp4", frames: 30) }
        #expect(found?.kind == .corruptMedia && found?.message == "g.mp4 contains no picture that can be decoded")
    }

    @Test
    func `a fade from a cut clip uses the frames that the clip would show`() throws {
        try numbered("g.mp4", "-g", "90", "-bf", "2")
        try bench.make("cut.mp4", "-ss", "0.7", "-i", "g.mp4", "-c", "copy")
        let still = try bench.clip("s.mp4", frames: 30, of: try bench.flat("w.png", "white"))
        _ = try stitch("cut.mp4", frames: 60, fade: 10, [FilmPart(clip: still, frames: 30, audio: nil, title: "s")])
        #expect(try shown().prefix(55) == Array(21..<76)[...])
    }

    @Test(arguments: [0, 1])
    func `a fade rendered as a clip equals the fade in the film, also with open GOPs`(_ open: Int) throws {
        try numbered("g.mp4", "-bf", "3", "-x264-params", "open-gop=\(open):keyint=20:min-keyint=20:scenecut=0")
        let clip = FilmPart(clip: bench.path("g.mp4"), frames: 58, audio: nil, title: "g")
        for frames in [41, 42, 43, 58] {
            var leaving = clip
            leaving.frames = frames
            _ = try FadeClip.make(
                from: leaving, to: clip, crossing: 4, format: try small(), fit: .letterBox,
                output: bench.path("fade.mp4"))
            var recipe = FilmRecipe(parts: [leaving, clip], format: try small())
            recipe.fadeFrames = 4
            _ = try Film.stitch(recipe, output: bench.path("film.mp4"))
            let (fade, film) = (try bench.luma("fade.mp4"), try bench.luma("film.mp4")[(frames - 2)..<(frames + 2)])
            #expect(zip(fade, film).allSatisfy { abs($0 - $1) <= 1 }, "\(fade) \(film)")
        }
    }

    @Test(arguments: ["mp4", "mkv"])
    func `video that begins later than the sound keeps its offset`(_ ending: String) throws {
        try numbered("g.mp4", "-g", "90", "-bf", "0")
        try bench.make(
            "late.\(ending)", "-itsoffset", "0.5", "-i", "g.mp4", "-i", "g.mp4", "-map", "0:v", "-map", "1:a", "-c",
            "copy")
        let report = try stitch("late.\(ending)", frames: 60)
        #expect(report.encodedFrames == 60)
        let numbers = try shown()
        #expect(numbers.prefix(15) == Array(repeating: 0, count: 15)[...])
        // Matroska's priming is part of the sound: one frame of tolerance.
        let begin = try #require(numbers.firstIndex(of: 1))
        #expect((16...17).contains(begin))
        #expect(numbers[begin...].elementsEqual(1...60 - begin))
        // The sound before the first frame is present, and the rest is at its time.
        let sound = try bench.sound("film.mp4")
        #expect(try #require(sound.onset(from: 0)) < 4800)
        #expect(abs(try #require(sound[72_000...].firstIndex { abs($0) < 0.01 }) - 72_000) < 4800)
    }

    @Test
    func `leading frames whose references are missing, which players skip, are not a problem`() throws {
        try numbered("g.mp4", "-bf", "3", "-x264-params", "open-gop=1:keyint=15:min-keyint=15:scenecut=0")
        try bench.make("open.mp4", "-ss", "0.6", "-i", "g.mp4", "-c", "copy", "-copyts")
        let report = try MediaProbe.probe(bench.path("open.mp4"), decode: true)
        #expect(report.problems == [])
    }

    @Test
    func `hidden frames stay hidden when a clip's sound is replaced`() throws {
        try numbered("g.mp4", "-g", "90", "-bf", "0")
        try bench.make("cut.mp4", "-ss", "0.7", "-i", "g.mp4", "-c", "copy")
        _ = try AudioReplacement.run(
            clip: bench.path("cut.mp4"), audio: try bench.burst("t.wav", seconds: 1), output: bench.path("film.mp4"))
        #expect(try shown() == Array(21..<90))
        try setEdits("g.mp4", milliseconds: 1500)
        _ = try AudioReplacement.run(
            clip: bench.path("g.mp4"), audio: try bench.burst("t.wav", seconds: 1), output: bench.path("film.mp4"))
        #expect(try shown() == Array(0..<45))
    }

    @Test
    func `hidden frames between others in decoding order stay hidden when the sound is replaced`() throws {
        try numbered("g.mp4", "-g", "90", "-bf", "2")
        try setEdits("g.mp4", milliseconds: 2000, start: 10752 + 1024)
        _ = try AudioReplacement.run(
            clip: bench.path("g.mp4"), audio: try bench.burst("t.wav", seconds: 1), output: bench.path("film.mp4"))
        #expect(try shown() == Array(21..<81))
    }

    @Test
    func `an AV1 film has the frames and the duration of its edit list`() throws {
        try numbered("g.mp4", "-c:v", "libaom-av1", "-cpu-used", "8", "-crf", "10", "-g", "90")
        try bench.make("cut.mp4", "-ss", "0.7", "-i", "g.mp4", "-c", "copy")
        try expectWhole("cut.mp4", frames: 69)
        let span = try #require(try MediaProbe.probe(bench.path("cut.mp4"), decode: true).streams.first?.span)
        #expect(abs(span.start) < 0.04 && abs(span.presented - 2.3) < 0.01, "\(span)")
        _ = try stitch("cut.mp4", frames: 69)
        #expect(try shown() == Array(21..<90))
    }

    @Test(arguments: ["mp4", "mkv"])
    func `a conversion keeps the offset of video that begins later than the sound, and all frames`(_ ending: String)
        throws
    {
        try numbered("g.mp4", "-g", "90", "-bf", "0")
        try bench.make(
            "late.\(ending)", "-itsoffset", "0.5", "-i", "g.mp4", "-i", "g.mp4", "-map", "0:v", "-map", "1:a", "-c",
            "copy")
        var recipe = ConversionRecipe(input: bench.path("late.\(ending)"))
        recipe.encodes = true
        let whole = try MovieConversion.run(recipe, output: bench.path("film.mp4"))
        let numbers = try shown()
        // Matroska's priming is part of the sound: one frame of tolerance.
        let begin = try #require(numbers.firstIndex(of: 1))
        #expect((16...17).contains(begin) && numbers[begin...].elementsEqual(1..<90), "\(numbers)")
        #expect(abs(whole.duration - Double(begin + 89) / 30) < 0.001)
        // A cut is relative to the same time.
        (recipe.start, recipe.duration) = (1, 1)
        _ = try MovieConversion.run(recipe, output: bench.path("film.mp4"))
        #expect(try shown() == Array(30 - begin + 1..<60 - begin + 1))
        recipe.start = 3.2
        recipe.duration = nil
        _ = try MovieConversion.run(recipe, output: bench.path("film.mp4"))
        #expect(try shown().last == 89)
    }

    @Test(arguments: ["mp4", "mkv"])
    func `a narration begins with the first frame of a clip that begins late`(_ ending: String) throws {
        try numbered("g.mp4", "-g", "90", "-bf", "2")
        try bench.make("late.\(ending)", "-itsoffset", "0.5", "-i", "g.mp4", "-an", "-c", "copy")
        _ = try AudioReplacement.run(
            clip: bench.path("late.\(ending)"), audio: try bench.burst("t.wav", seconds: 1),
            output: bench.path("film.mp4"))
        for stream in ["v:0", "a:0"] {
            let start = try bench.entries("film.mp4", stream: stream)["start_time"].flatMap { Double($0) }
            #expect(try #require(start) < 0.01, "\(stream)")
        }
        #expect(try shown() == Array(0..<90))
    }
}
