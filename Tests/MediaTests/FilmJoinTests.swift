// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct FilmJoinTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func part(_ clip: String, _ frames: Int, _ audio: String? = nil, from start: Double = 0) -> FilmPart {
        FilmPart(clip: clip, frames: frames, audio: audio, audioStart: start, title: fileName(clip))
    }

    private func stitch(_ parts: [FilmPart], fadeFrames: Int = 0) throws -> FilmReport {
        try Film.stitch(parts: parts, output: bench.path("film.mp4"), format: try small(), fadeFrames: fadeFrames)
    }

    @Test
    func `forty segments of irregular durations stay in sync to the end`() throws {
        let image = try bench.picture("a.png")
        let narration = try bench.burst("n.wav", seconds: 0.1)
        let format = try small()
        var seconds = 0.0
        var start = 0
        var parts: [FilmPart] = []
        var starts: [Int] = []
        for index in 0..<40 {
            seconds += 0.35 + Double(index) * 0.0137
            let end = format.rate.frames(seconds)
            let clip = try bench.clip("c\(index).mp4", frames: end - start, of: image)
            parts.append(part(clip, end - start, narration))
            starts.append(start)
            start = end
        }
        let report = try stitch(parts)
        #expect(report.frames == start)
        #expect(report.copiedFrames == start)
        #expect(report.encodedFrames == 0)
        #expect(report.warnings == [])
        #expect(try bench.frameHashes("film.mp4").count == start)
        #expect(abs(report.duration - seconds) <= 0.5 / 30)
        #expect(try bench.complaints("film.mp4") == "")
        let sound = try bench.sound("film.mp4")
        for start in starts {
            let wanted = start * 1600
            let found = try #require(sound.onset(from: wanted - 2400))
            #expect(abs(found - wanted) <= 240, "the narration at frame \(start) starts \(found - wanted) samples late")
        }
    }

    @Test
    func `a longer clip is cut, a shorter one holds its last frame`() throws {
        let white = try bench.clip("w.mp4", frames: 60, of: try bench.flat("w.png", "white"))
        let black = try bench.clip("b.mp4", frames: 20, of: try bench.flat("b.png", "black"))
        let report = try stitch([part(white, 40), part(black, 50), part(white, 60)])
        #expect(report.frames == 150)
        #expect(report.encodedFrames == 30)
        #expect(report.copiedFrames == 120)
        let luma = try bench.luma("film.mp4")
        #expect(luma.count == 150)
        #expect(luma.enumerated().allSatisfy { abs($1 - ((40..<90).contains($0) ? 16 : 235)) <= 2 })
        #expect(try bench.complaints("film.mp4") == "")
    }

    @Test
    func `a longer narration stops at the end of its segment`() throws {
        let clip = try bench.clip("c.mp4", frames: 30, of: try bench.picture("a.png"))
        _ = try stitch([part(clip, 30, try bench.burst("long.wav", seconds: 3)), part(clip, 30)])
        let sound = try bench.sound("film.mp4")
        #expect(!sound.isSilent(43_000..<46_000))
        #expect(sound.isSilent(48_300..<90_000))
    }

    @Test
    func `one narration for several segments continues without a gap`() throws {
        let clip = try bench.clip("c.mp4", frames: 30, of: try bench.picture("a.png"))
        let whole = try bench.burst("whole.mp3", after: 1.5, seconds: 3)
        _ = try stitch([part(clip, 30, whole), part(clip, 30, whole, from: 1), part(clip, 30, whole, from: 2)])
        let sound = try bench.sound("film.mp4")
        #expect(abs(try #require(sound.onset(from: 0)) - 72_000) <= 240)
        // A gap or a fade at the boundary would leave 2 ms without a loud sample.
        for start in stride(from: 73_000, to: 140_000, by: 96) {
            #expect(sound[start..<start + 96].contains { abs($0) > 0.3 }, "quiet at sample \(start)")
        }
    }

    @Test
    func `without a narration the clip's own sound is used`() throws {
        let silent = try bench.clip("s.mp4", frames: 30, of: try bench.picture("a.png"))
        _ = try AudioReplacement.run(
            clip: silent, audio: try bench.burst("t.wav", after: 0.5, seconds: 1), output: bench.path("own.mp4"))
        let report = try stitch([part(silent, 30), part(bench.path("own.mp4"), 30)])
        #expect(report.copiedFrames == 60)
        #expect(report.warnings == [])
        #expect(abs(try #require(try bench.sound("film.mp4").onset(from: 0)) - 72_000) <= 240)
    }

    @Test
    func `a clip of another size, codec and rate is converted, and the stills around it are copied`() throws {
        let still = try bench.clip("s.mp4", frames: 60, of: try bench.flat("w.png", "white"))
        try bench.make(
            "other.webm", "-f", "lavfi", "-i", "color=gray:s=200x200:r=24", "-f", "lavfi", "-i", "sine=r=44100", "-t",
            "2", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus")
        let report = try stitch([part(still, 60), part(bench.path("other.webm"), 60), part(still, 60)])
        #expect(report.encodedFrames == 60)
        #expect(report.copiedFrames == 120)
        #expect(try bench.complaints("film.mp4") == "")
        let luma = try bench.luma("film.mp4")
        #expect(luma.count == 180)
        #expect(abs(luma[30] - 235) <= 2 && abs(luma[90] - 126) <= 4 && abs(luma[150] - 235) <= 2)
        let edge = try bench.runBytes(
            "ffmpeg",
            [
                "-v", "error", "-ss", "3", "-i", "film.mp4", "-frames:v", "1", "-vf", "extractplanes=y", "-f",
                "rawvideo", "-",
            ])
        #expect(abs(Int(edge[320 * 90 + 5]) - 16) <= 2, "the left edge is not black")
    }

    @Test(arguments: [true, false])
    func `H.264 of another encoder and stills form one valid track, in either order`(_ first: Bool) throws {
        let still = try bench.clip("s.mp4", frames: 60, of: try bench.flat("w.png", "white"))
        try bench.make(
            "x.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "2", "-c:v", "libx264", "-preset",
            "ultrafast", "-bf", "0", "-pix_fmt", "yuv420p", "-colorspace", "bt709")
        let foreign = part(bench.path("x.mp4"), 60)
        let stills = [part(still, 60), part(still, 60)]
        let report = try stitch(first ? [foreign] + stills : stills + [foreign])
        #expect(report.encodedFrames <= 60, "the stills were encoded because of one foreign clip")
        #expect(try bench.complaints("film.mp4") == "")
        let luma = try bench.luma("film.mp4")
        #expect(luma.count == 180)
        #expect(luma[(first ? 60 : 0)..<(first ? 180 : 120)].allSatisfy { abs($0 - 235) <= 2 })
    }

    @Test
    func `clips of variable rate, with B-frames or of unknown length take exactly their frames`() throws {
        try bench.make(
            "vfr.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "2", "-vf",
            "select='not(mod(n,3))+lt(n,20)'", "-vsync", "vfr", "-c:v", "libx264", "-preset", "ultrafast")
        try bench.make(
            "b.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "2", "-c:v", "libx264", "-bf", "3")
        try bench.make("piped.mkv", "-i", "b.mp4", "-c", "copy", "-live", "1")
        let parts = ["vfr.mp4", "b.mp4", "piped.mkv"].map { part(bench.path($0), 60) }
        let report = try stitch(parts)
        #expect(report.frames == 180)
        #expect(try bench.frameHashes("film.mp4").count == 180)
        #expect(try bench.complaints("film.mp4") == "")
    }

    @Test
    func `a clip that does not decode is an error that names it`() throws {
        let good = try bench.clip("s.mp4", frames: 30, of: try bench.flat("w.png", "white"))
        let bad = try bench.write("bad.mp4", try bench.bytes("s.mp4").prefix(300))
        let found = fault { _ = try stitch([part(good, 30), part(bad, 30)]) }
        #expect(found?.kind == .corruptMedia)
        #expect(found?.message.contains("bad.mp4") == true)
        let gone = fault { _ = try stitch([part(bench.path("gone.mp4"), 30)]) }
        #expect(gone?.kind == .notFound)
        let none = fault { _ = try stitch([]) }
        #expect(none?.kind == .invalidArgument)
    }

    @Test
    func `cancellation stops within a frame`() throws {
        let clip = try bench.clip("c.mp4", frames: 300, of: try bench.picture("a.png"))
        for limit in [0, 1, 5, 100] {
            let polls = Counter()
            let found = fault {
                _ = try Film.stitch(
                    parts: [part(clip, 300), part(clip, 300)], output: bench.path("film.mp4"), format: try small(),
                    fadeFrames: 16,
                    cancelled: {
                        polls.increase() > limit
                    })
            }
            #expect(found?.kind == .cancelled)
            // Video and sound poll independently, and each stops at its next poll.
            #expect(polls.increase() <= limit + 3)
        }
    }
}
