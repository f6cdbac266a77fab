// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct FilmPlanTests {
    private func part(_ frames: Int, keys: [Int]? = nil, available: Int? = nil, copy: Bool = true) -> FilmPlan.Part {
        FilmPlan.Part(
            frames: frames, available: available ?? frames, keys: keys ?? [0, 8, frames - 7], isCopyable: copy)
    }

    @Test
    func `cuts copy every frame`() {
        let plan = FilmPlan(parts: [part(450), part(450)], fades: FilmPlan.Fades(crossing: 0))
        #expect(plan.runs == [.copy(part: 0, frames: 0..<450), .copy(part: 1, frames: 0..<450)])
        #expect(plan.encodedFrames == 0)
    }

    @Test
    func `with key frames at the ends of fades, only the frames of fades are encoded`() {
        let plan = FilmPlan(parts: [part(450), part(450), part(450)], fades: FilmPlan.Fades(crossing: 15))
        #expect(plan.fades.map(\.range) == [443..<458, 893..<908])
        #expect(plan.encodedFrames == 30)
        #expect(plan.starts.last == 1350)
    }

    @Test
    func `without key frames there, encoding continues to the next one`() {
        let plan = FilmPlan(parts: [part(450), part(450, keys: [0, 60])], fades: FilmPlan.Fades(crossing: 15))
        #expect(plan.runs == [.copy(part: 0, frames: 0..<443), .encode(443..<510), .copy(part: 1, frames: 60..<450)])
    }

    @Test
    func `a fade is shortened beside a short part, and omitted if there is no room`() {
        let plan = FilmPlan(
            parts: [part(450), part(6, keys: [0]), part(1, keys: [0])], fades: FilmPlan.Fades(crossing: 15))
        #expect(plan.fades.map(\.range.count) == [6])
        #expect(plan.starts == [0, 450, 456, 457])
    }

    @Test
    func `a short clip and a clip of another format are encoded, the others copied`() {
        let plan = FilmPlan(
            parts: [part(100, available: 90), part(100, copy: false), part(100)], fades: FilmPlan.Fades(crossing: 0))
        #expect(plan.runs == [.copy(part: 0, frames: 0..<90), .encode(90..<200), .copy(part: 2, frames: 0..<100)])
    }
}

@Suite(.timeLimit(.minutes(5))) struct FilmTests {
    private let bench: Workbench
    private let format: VideoFormat

    init() throws {
        bench = try Workbench()
        format = try VideoFormat(width: 320, height: 180)
    }

    private func clip(_ name: String, _ colour: String, frames: Int) throws -> String {
        let image = try bench.picture("\(name).png", "color=\(colour):s=320x180")
        let path = bench.path("\(name).mp4")
        _ = try StillClip.make(
            image: image, frames: frames, output: path, format: format, keyFramesAt: [8, frames - 7])
        return path
    }

    /// The first loud sample near a time.
    ///
    /// - Returns: its offset from that time, in seconds.
    private func onset(_ sound: [Float], at seconds: Double) -> Double? {
        let start = Int(seconds * 48_000)
        // Start earlier, to detect sound that begins too soon.
        let from = max(start - 2400, 0)
        return sound[from...].firstIndex { abs($0) > 0.05 }.map { Double($0 - start) / 48_000 }
    }

    @Test
    func `each narration starts with its part's first frame, padded or cut`() throws {
        let tone = try bench.tone("t.mp3", seconds: 0.4)
        let long = try bench.tone("long.wav", seconds: 3, rate: 8000)
        let surround = try bench.tone("s.flac", seconds: 0.3, rate: 96_000, channels: 6)
        let narrations = [tone, long, surround, tone]
        let frames = [31, 45, 29, 40]
        let parts = try frames.enumerated().map { index, count in
            FilmPart(
                clip: try clip("c\(index)", "gray", frames: count), frames: count, audio: narrations[index],
                title: "seg_\(index)")
        }
        let film = bench.path("film.mp4")
        let report = try Film.stitch(parts: parts, output: film, format: format)
        #expect(report.frames == 145 && report.duration == 145.0 / 30)
        #expect(report.copiedFrames == 145 && report.encodedFrames == 0)
        #expect(report.parts.map(\.copiedFrames) == frames && report.parts.allSatisfy { $0.reason == nil })
        #expect(report.loudness == nil && report.warnings == [])
        let (video, audio) = (try bench.entries(film), try bench.entries(film, stream: "a:0"))
        #expect(video["nb_frames"] == "145")
        #expect(video["r_frame_rate"] == "30/1" && video["avg_frame_rate"] == "30/1")
        #expect(audio["codec_name"] == "aac" && audio["sample_rate"] == "48000" && audio["channels"] == "2")
        #expect(abs((Double(audio["duration"] ?? "") ?? 0) - 145.0 / 30) < 0.001)
        #expect(try bench.complaints(film) == "")
        #expect(try bench.moovIsFirst(film))
        let samples = try bench.sound(film)
        var start = 0.0
        for count in frames {
            // The tone before is loud up to its cut, so the second boundary has no onset.
            if start != 76.0 / 30 {
                let found = try #require(onset(samples, at: start))
                #expect(abs(found) < 0.005, "at \(start) s: \(found) s")
            }
            start += Double(count) / 30
        }
    }

    @Test
    func `forty short parts have exact lengths, and the last narration starts on time`() throws {
        let clip = try clip("c", "gray", frames: 11)
        let tone = try bench.tone("t.mp3", seconds: 0.1)
        let parts = (0..<40).map { FilmPart(clip: clip, frames: 10 + $0 % 2, audio: tone, title: "s\($0)") }
        let film = bench.path("film.mp4")
        let report = try Film.stitch(parts: parts, output: film, format: format)
        #expect(report.frames == 420)
        let samples = try bench.sound(film)
        let last = Double(420 - 11) / 30
        #expect(abs(try #require(onset(samples, at: last))) < 0.005)
    }

    @Test
    func `a cross-fade keeps the film's length, blends in its middle, and changes no other frames`() throws {
        let parts = [
            FilmPart(clip: try clip("a", "black", frames: 60), frames: 60, audio: nil, title: "a"),
            FilmPart(clip: try clip("b", "white", frames: 60), frames: 60, audio: nil, title: "b"),
        ]
        let film = bench.path("film.mp4")
        let report = try Film.stitch(parts: parts, output: film, format: format, fadeFrames: 15)
        #expect(report.frames == 120 && report.encodedFrames == 15)
        #expect(try bench.frameHashes(film).count == 120)
        #expect(try bench.complaints(film) == "")
        let levels = try [0, 52, 60, 69, 119].map { frame in
            let grey = try bench.grey(film, frame: frame)
            return grey.reduce(0) { $0 + Int($1) } / max(grey.count, 1)
        }
        #expect(levels[0] < 20 && levels[1] < 20)
        #expect((100...160).contains(levels[2]))
        #expect(levels[3] > 235 && levels[4] > 235)
    }

    @Test
    func `a clip of another size, rate and codec is converted, the others are copied`() throws {
        try bench.run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=640x480:r=24:d=2", "-f", "lavfi", "-i",
            "sine=f=300:d=2", "-c:v", "libx264", "-bf", "2", "-c:a", "aac", "-ar", "44100", "foreign.mp4")
        let parts = [
            FilmPart(clip: try clip("a", "black", frames: 45), frames: 45, audio: nil, title: "a"),
            FilmPart(clip: bench.path("foreign.mp4"), frames: 60, audio: nil, title: "b"),
        ]
        let film = bench.path("film.mp4")
        let report = try Film.stitch(parts: parts, output: film, format: format)
        #expect(report.copiedFrames == 45 && report.encodedFrames == 60)
        #expect(try bench.entries(film)["width"] == "320")
        #expect(try bench.frameHashes(film).count == 105)
        #expect(try bench.complaints(film) == "")
        // Without a narration the clip's own sound is used.
        #expect(abs(try #require(onset(try bench.sound(film), at: 1.5))) < 0.03)
    }

    @Test
    func `a longer clip is cut, a shorter one holds its last frame`() throws {
        let clip = try clip("a", "gray", frames: 30)
        let film = bench.path("film.mp4")
        let report = try Film.stitch(
            parts: [
                FilmPart(clip: clip, frames: 40, audio: nil, title: "a"),
                FilmPart(clip: clip, frames: 20, audio: nil, title: "b"),
            ], output: film, format: format)
        #expect(report.encodedFrames == 10)
        #expect(try bench.frameHashes(film).count == 60)
        #expect(try bench.complaints(film) == "")
    }

    @Test(arguments: ["text", "empty", "missing"])
    func `an unreadable narration is replaced by silence, with a warning`(_ fault: String) throws {
        let audio = bench.path("bad.mp3")
        if fault == "text" { try "these are words".write(toFile: audio, atomically: true, encoding: .utf8) }
        if fault == "empty" { try Data().write(to: URL(filePath: audio)) }
        let film = bench.path("film.mp4")
        let report = try Film.stitch(
            parts: [FilmPart(clip: try clip("a", "gray", frames: 30), frames: 30, audio: audio, title: "seg_1")],
            output: film, format: format)
        #expect(report.warnings.count == 1)
        #expect(report.warnings[0].hasPrefix("seg_1: "))
        #expect(try bench.sound(film).allSatisfy { abs($0) < 0.001 })
    }

    @Test
    func `the beginning of a narration can be skipped`() throws {
        let audio = bench.path("two.wav")
        try bench.run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "aevalsrc='0.5*sin(2*PI*440*t)*gte(t,1)':d=2", audio)
        let film = bench.path("film.mp4")
        _ = try Film.stitch(
            parts: [
                FilmPart(
                    clip: try clip("a", "gray", frames: 30), frames: 30, audio: audio, audioStart: 0.8, title: "a")
            ], output: film, format: format)
        #expect(abs(try #require(onset(try bench.sound(film), at: 0.2))) < 0.005)
    }

    @Test
    func `each part is a chapter with its title`() throws {
        let clip = try clip("a", "gray", frames: 30)
        let film = bench.path("film.mp4")
        _ = try Film.stitch(
            parts: ["one", "two"].map { FilmPart(clip: clip, frames: 30, audio: nil, title: $0) }, output: film,
            format: format)
        let text = try bench.run("ffprobe", "-v", "error", "-show_chapters", "-of", "csv=p=0", film)
        #expect(text.contains("one") && text.contains("two"))
    }

    @Test
    func `replacing the sound copies the video, and reports what was cut or padded`() throws {
        let clip = try clip("a", "gray", frames: 60)
        let before = try bench.frameHashes(clip)
        let output = bench.path("out.mp4")
        let padded = try AudioReplacement.run(clip: clip, audio: try bench.tone("s.mp3", seconds: 0.5), output: output)
        #expect(abs(padded.padded - 1.5) < 0.06 && padded.trimmed == 0)
        #expect(try bench.frameHashes(output) == before)
        #expect(abs(try #require(onset(try bench.sound(output), at: 0))) < 0.005)
        let cut = try AudioReplacement.run(clip: clip, audio: try bench.tone("l.wav", seconds: 3), output: output)
        #expect(abs(cut.trimmed - 1) < 0.01 && cut.padded == 0 && abs(cut.audioDuration - 3) < 0.01)
        #expect(try bench.complaints(output) == "")
        try "text".write(toFile: bench.path("bad.mp3"), atomically: true, encoding: .utf8)
        let error = #expect(throws: MediaError.self) {
            try AudioReplacement.run(clip: clip, audio: bench.path("bad.mp3"), output: bench.path("none.mp4"))
        }
        #expect(error?.kind == .corruptMedia)
        #expect(!FileManager.default.fileExists(atPath: bench.path("none.mp4")))
    }

    @Test
    func `decoding finds faults that the headers do not show`() throws {
        let clip = try clip("a", "gray", frames: 60)
        let good = try MediaProbe.probe(clip, decode: true)
        #expect(good.container == "mp4" && good.frames == 60 && good.decodedOK == true && good.problems.isEmpty)
        #expect(good.streams[0].codec == "h264" && good.streams[0].rate == FrameRate(30))
        let whole = try Data(contentsOf: URL(filePath: clip))
        try whole.prefix(whole.count * 2 / 3).write(to: URL(filePath: bench.path("cut.mp4")))
        let cut = try MediaProbe.probe(bench.path("cut.mp4"), decode: true)
        #expect(cut.decodedOK == false && !cut.problems.isEmpty)
        #expect(try MediaProbe.probe(bench.path("cut.mp4"), decode: false).decodedOK == nil)
    }

    @Test
    func `a playlist or a script does not open the files that it names`() throws {
        let clip = try clip("a", "gray", frames: 30)
        try "ffconcat version 1.0\nfile '\(clip)'\n".write(
            toFile: bench.path("x.mp4"), atomically: true, encoding: .utf8)
        try "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n\(clip)\n#EXT-X-ENDLIST\n"
            .write(toFile: bench.path("x.mp3"), atomically: true, encoding: .utf8)
        for name in ["x.mp4", "x.mp3"] {
            #expect(throws: MediaError.self) { try MediaProbe.probe(bench.path(name), decode: false) }
        }
    }

    @Test
    func `cancellation stops a film`() throws {
        let clip = try clip("a", "gray", frames: 30)
        let polls = Counter()
        let error = #expect(throws: MediaError.self) {
            try Film.stitch(
                parts: [FilmPart(clip: clip, frames: 30, audio: nil, title: "a")], output: bench.path("f.mp4"),
                format: format,
                cancelled: {
                    polls.increase() > 5
                })
        }
        #expect(error?.kind == .cancelled)
        #expect(polls.increase() <= 10)
    }
}
